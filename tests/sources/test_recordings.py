"""Every source against its recordings: whole records. A new source needs a folder of them and no test.

`CRYPTOINTEL_RECORD=1 pytest tests/sources/test_recordings.py` writes what is missing, to be read by eye.
"""

from __future__ import annotations

import os
from pathlib import Path

import orjson
import pytest
from recordings_support import FOLDER, ROOT, module_of, reading, source_of

from shared.sources import SOURCES

RECORDINGS = sorted(p for p in FOLDER.glob("*/*") if not p.name.endswith(".expected.json"))
SHARED_PARTS = {"__init__", "source", "decode"}


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_recording_reads_as_expected(path: Path) -> None:
    source, request = source_of(path.parent.name)
    found = reading(source, request, path.read_bytes())
    expected = path.with_suffix(".expected.json")
    if os.environ.get("CRYPTOINTEL_RECORD") and not expected.exists():
        expected.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    assert orjson.loads(orjson.dumps(found)) == orjson.loads(expected.read_bytes())


def test_every_file_is_a_source_and_every_source_has_a_recording() -> None:
    files = {path.stem for path in (ROOT / "shared" / "sources").glob("*.py")} - SHARED_PARTS
    assert {module_of(source) for source in SOURCES} == files
    assert {path.parent.name for path in RECORDINGS} == files


def test_names_are_unique_and_reliability_is_a_share() -> None:
    names = [source.name for source in SOURCES]
    assert len(set(names)) == len(names)
    assert all(0 < source.reliability <= 1 for source in SOURCES)


def test_every_source_belongs_to_a_job_of_the_schedule() -> None:
    schedule = (ROOT / "migrations" / "0003_jobs.sql").read_text()
    assert all(f"('{source.job}'," in schedule for source in SOURCES)
