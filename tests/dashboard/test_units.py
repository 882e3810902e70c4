"""The page's own tests of its pure parts: formats, the evidence's arithmetic, merging, sorting.

The page is given what the detectors made themselves: it must arrive at their scores, for every type.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from explainer_cases import cases

from shared.signals.detectors import DETECTORS


def test_the_pure_parts_of_the_page(dist: Path, tmp_path: Path) -> None:
    made = tmp_path / "cases.json"
    made.write_text(json.dumps(cases(), allow_nan=False))
    done = subprocess.run(
        ["npm", "test"],
        cwd=dist.parent,
        env={**os.environ, "EXPLAINER_CASES": str(made)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout, "the cases of the detectors did not arrive"


def test_every_type_has_an_explainer(dist: Path) -> None:
    source = (dist.parent / "src" / "signals" / "explain" / "index.ts").read_text()
    named = set(re.findall(r"^  (\w+): \w+\.\w+,$", source, re.MULTILINE))
    assert named == {one.type for one in DETECTORS}
