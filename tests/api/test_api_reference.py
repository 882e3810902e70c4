"""The description of the API: complete, true, and readable without any script."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

from functions.api import docs_file
from functions.api.openapi import CODES
from functions.api.reads.all import READS
from shared.env import ROOT

World = Any


def test_the_reference_in_docs_is_what_the_api_says() -> None:
    assert docs_file.FILE.read_text() == docs_file.text(), "run: python -m functions.api.docs_file"


def test_every_code_the_server_uses_is_explained() -> None:
    folders = ("shared/platform/web", "functions/api", "shared/access")
    texts = [file.read_text() for folder in folders for file in (ROOT / folder).rglob("*.py")]
    texts.append((ROOT / "shared/errors.py").read_text())
    used = {code for text in texts for code in re.findall(r'code(?:, status)? ?= ?"([A-Z_]+)"', text)}
    assert used <= CODES.keys()


async def test_every_operation_declares_scopes_and_no_name_is_used_twice(world: World) -> None:
    schema = (await world.nobody.get("/openapi.json")).json()
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert all("x-required-scopes" in operation for operation in operations)
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert {path for read in READS for path in (read.path, *read.aliases)} <= schema["paths"].keys()


async def test_the_page_needs_nothing_from_elsewhere_and_its_policy_holds(world: World) -> None:
    answer = await world.nobody.get("/docs")
    policy = answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert not re.search(r"(src|href)=\"(https?:)?//", answer.text)
    style = re.search(r"<style>(.*?)</style>", answer.text, re.S)
    assert style
    assert f"'sha256-{b64encode(sha256(style[1].encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'")
    assert 'id="INVALID_SYMBOL"' in answer.text  # where the `type` of a problem points


async def test_in_production_the_description_needs_a_key(world: World, client_for: Any) -> None:
    app = world.again(environment="production")
    async with client_for(app) as client:
        for path in ("/docs", "/openapi.json"):
            assert (await client.get(path)).status_code == 401
        assert (await client.get("/health")).status_code == 200
