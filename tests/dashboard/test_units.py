"""The page's own tests of its pure parts: formats, the evidence's arithmetic, merging, sorting."""

from __future__ import annotations

import subprocess
from pathlib import Path


def test_the_pure_parts_of_the_page(dist: Path) -> None:
    done = subprocess.run(["npm", "test"], cwd=dist.parent, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
