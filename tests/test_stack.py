"""stack.yml against what faas-cli reads: it ignores unknown keys, so we do not let any in."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml

from shared.dev.schedules import next_fire
from shared.dev.stack import Function, read_stack, substitute

ROOT = Path(__file__).resolve().parent.parent
TOP = {"version", "provider", "functions", "configuration"}
KEYS = {
    "lang", "handler", "image", "fprocess", "environment", "secrets", "skip_build", "constraints",
    "environment_file", "labels", "limits", "requests", "readonly_root_filesystem", "build_options",
    "annotations", "namespace", "build_args", "platforms", "build_secrets",
}  # fmt: skip
STACK = yaml.safe_load((ROOT / "stack.yml").read_text())
FUNCTIONS = read_stack(ROOT / "stack.yml", {})


def test_only_keys_that_faas_cli_knows() -> None:
    assert set(STACK) == TOP
    assert set(STACK["provider"]) == {"name", "gateway"}
    assert set(STACK["configuration"]) == {"copy"}
    for name, entry in STACK["functions"].items():
        assert set(entry) <= KEYS, name
        assert {"lang", "handler", "image", "limits", "requests", "labels"} <= set(entry), name


def test_every_function_is_listed_and_nothing_else() -> None:
    folders = {p.parent.name.replace("_", "-") for p in (ROOT / "functions").glob("*/handler.py")}
    assert folders == set(STACK["functions"])
    assert len(folders) <= 15  # the community edition's limit


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.name)
def test_a_function_has_its_handler(function: Function) -> None:
    module = importlib.import_module(function.module)
    assert callable(module.app)
    assert callable(module.build)
    assert callable(module.handle)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.name)
def test_schedules_parse_and_name_the_topic(function: Function) -> None:
    if function.schedule:
        assert next_fire(function.schedule, 1_763_726_400_000) > 1_763_726_400_000
        assert function.annotations["topic"] == "cron-function"
    else:
        assert "topic" not in function.annotations


def test_collect_ticks_every_minute() -> None:
    schedule = next(f.schedule for f in FUNCTIONS if f.name == "collect")
    assert schedule is not None
    assert next_fire(schedule, 1_763_726_400_000) == 1_763_726_460_000


def test_every_also_works() -> None:
    assert next_fire("@every 3s", 1_000) == 4_000


def test_the_template_is_ours_and_copied_paths_are_in_the_repository() -> None:
    assert {entry["lang"] for entry in STACK["functions"].values()} == {"python3-asgi"}
    assert (ROOT / "template" / "python3-asgi" / "template.yml").is_file()
    for path in STACK["configuration"]["copy"]:
        assert path == "./dashboard/dist" or (ROOT / path).exists(), path


def test_substitution_as_faas_cli_does() -> None:
    assert substitute("${A:-x} ${B} $C ${D:-}", {"B": "b"}) == "x b $C "


def test_no_plain_secret_in_the_environment() -> None:
    for function in FUNCTIONS:
        assert not [
            key for key in function.environment if "KEY" in key or "TOKEN" in key or "PASSWORD" in key
        ]
