"""The sqlite driver against what Cloudflare's own workerd answered to the same 1,395 steps."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from shared.platform import d1

ROOT = Path(__file__).resolve().parents[2]
DOC = ROOT / "docs" / "D1_COMPATIBILITY.md"
REAL = Path(os.environ.get("CRYPTOINTEL_REAL") or ROOT.parent / "shared" / "real")
FOLDERS = (ROOT.parent / "shared" / "d1diff", REAL.parent / "d1diff")
SET_ASIDE = ("rows_read", "rows_written", "duration", "served_by")
ROWS_OF_CLOUDFLARE = 2  # a new D1 has had two rows written by Cloudflare, ours none


@pytest.fixture(scope="module")
def cases() -> list[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]]:
    """(case, steps, workerd's answers)"""
    folder = next((f for f in FOLDERS if f.is_dir()), None)
    if folder is None:
        pytest.skip(f"no real data: the answers of workerd are not at {FOLDERS[0]} (set CRYPTOINTEL_REAL)")
    asked = json.loads((folder / "cases.json").read_text())["cases"]
    answered = {c["id"]: c["steps"] for c in json.loads((folder / "workerd.json").read_text())["results"]}
    return [(case["id"], case["steps"], answered[case["id"]]) for case in asked]


async def test_agrees_with_workerd(cases: list[Any], tmp_path: Path) -> None:
    differing, total = [], 0
    for number, (case, steps, answers) in enumerate(cases):
        db = await d1.connect(f"file:{new_database(tmp_path / f'{number}.db')}")
        for index, (step, theirs) in enumerate(zip(steps, answers, strict=True)):
            total += 1
            if comparable(await ours(db, step)) != comparable(plain(theirs)):
                differing.append(f"{case} {index}")
        await db.close()
    assert total == 1395
    assert sorted(differing) == sorted(documented())
    assert len(differing) <= 0.03 * total


def documented() -> list[str]:
    """Each `case step` named in the table of disagreements."""
    text = DOC.read_text(encoding="utf-8").split("## Disagreements", 1)[1]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def new_database(path: Path) -> Path:
    """A file with the table that Cloudflare keeps in every D1, so that sizes and catalogues compare."""
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)")
    connection.close()
    return path


async def ours(db: d1.D1Database, step: dict[str, Any]) -> dict[str, Any]:
    """Our answer to one step, in the form of the recording."""
    if step["op"] == "bookmark":
        return {"err": "no sessions"}
    try:
        return {"ok": plain(await RUN[step["op"]](db, step))}
    except (d1.D1Error, TypeError) as error:
        return {"err": {"message": str(error), "cause": getattr(error, "cause", None)}}


def prepared(db: d1.D1Database, step: dict[str, Any]) -> d1.D1PreparedStatement:
    statement = db.prepare(sql_of(step["sql"]))
    return statement.bind(*map(python_value, step["params"])) if "params" in step else statement


async def batch(db: d1.D1Database, step: dict[str, Any]) -> Any:
    return await db.batch([prepared(db, one) for one in step["statements"]])


async def reuse(db: d1.D1Database, step: dict[str, Any]) -> Any:
    statement = db.prepare(step["sql"])
    return [(await statement.bind(*map(python_value, b)).all()).results for b in step["binds"]]


RUN: dict[str, Callable[..., Any]] = {
    "run": lambda db, step: prepared(db, step).run(),
    "all": lambda db, step: prepared(db, step).all(),
    "raw": lambda db, step: prepared(db, step).raw(step.get("columnNames", False)),
    "first": lambda db, step: prepared(db, step).first(step.get("column")),
    "exec": lambda db, step: db.exec(sql_of(step["sql"])),
    "batch": batch,
    "reuse": reuse,
}


def sql_of(sql: Any) -> str:
    return sql if isinstance(sql, str) else "".join(map(repeated, sql["$cat"]))


def repeated(part: Any) -> str:
    return part if isinstance(part, str) else part["$rep"][0] * part["$rep"][1]


def javascript(kind: str, shown: str) -> Any:
    """A value that JavaScript has and Python has not, named and printed as there."""

    def text(_self: object) -> str:
        if kind == "symbol":
            raise TypeError("Cannot convert a Symbol value to a string")
        return shown

    return type(kind, (), {"__str__": text})()


def python_value(value: Any) -> Any:
    """What D1's binding makes of a JavaScript value: every number is a double."""
    if not isinstance(value, dict):
        return float(value) if isinstance(value, int) else value
    ((marker, held),) = value.items()
    if marker == "$num":
        return float(held.replace("Infinity", "inf"))
    if marker == "$rep":
        return held[0] * held[1]
    if marker in ("$u8", "$ab", "$i16"):
        return bytes(held)
    if marker == "$arr":
        if all(isinstance(item, (int, float)) and 0 <= item < 256 for item in held):
            return bytes(map(int, held))
        return javascript("object", ",".join(map(str, held)))
    return javascript(*STAND_INS[marker](held))


STAND_INS: dict[str, Callable[[Any], tuple[str, str]]] = {
    "$undefined": lambda _: ("undefined", "undefined"),
    "$bigint": lambda held: ("bigint", held),
    "$date": lambda _: ("object", "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"),
    "$obj": lambda _: ("object", "[object Object]"),
    "$symbol": lambda _: ("symbol", ""),
    "$fn": lambda _: ("function", "() => 1"),
}


def plain(value: Any) -> Any:
    """As JSON carries it: integers as doubles, BLOBs as lists, infinities as null."""
    if isinstance(value, d1.D1Result):
        meta = {name: getattr(value.meta, name) for name in d1.D1Meta.__slots__}
        meta["last_row_id"] = meta["last_row_id"] or ROWS_OF_CLOUDFLARE
        return {"success": value.success, "meta": meta, "results": plain(value.results)}
    if isinstance(value, d1.D1ExecResult):
        return {"count": value.count}
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else None
    return value


def comparable(value: Any) -> Any:
    """Without what no other implementation can share: costs, durations, offsets into the SQL."""
    if isinstance(value, dict):
        return {k: comparable(v) for k, v in value.items() if k not in SET_ASIDE and k != "name"}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return re.sub(r" at offset \d+", "", value) if isinstance(value, str) else value
