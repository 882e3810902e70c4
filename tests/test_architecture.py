"""Rules of the code base that a reviewer would otherwise have to remember."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(p for folder in ("shared", "functions") for p in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}

# Who may import whom: a layer may import itself and what stands further right.
LAYERS = (
    {"cli"},
    {"dev"},
    {"collect", "ops"},
    {"store", "sources", "market", "news", "signals", "access", "webhooks"},
    {"platform"},
    {"env"},
    {"models", "errors"},
)
# bindings.py is where the drivers that a deployment names are put together, stores included.
WIRING = {ROOT / "shared/platform/bindings.py"}
PURE = {"models", "errors", "sources", "market"}  # decide, never act
IO = re.compile(r"^(socket|aiohttp|httpx2|redis|apsw|sqlite3|subprocess|shared\.platform|shared\.store)")
# Readers of files and of the store live beside the pure parts they feed.
FEEDERS = ("market/imports", "market/rollup")

HEAVY = {
    "numpy",
    "scipy",
    "lark",
    "fastapi",
    "vaderSentiment",
    "feedparser",
    "httpx2",
    "redis",
    "aiohttp",
    "aiocache",
    "obstore",
}
SQL = re.compile(r"\b(SELECT\s+[\w*(]|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\b")
NAMES = re.compile(r"(^|_)(utils?|helpers?|managers?|common|misc)(_|$)")


def layer(part: str) -> int:
    return next((i for i, names in enumerate(LAYERS) if part in names), -1)


def imports(tree: ast.AST) -> set[str]:
    """Every module that is imported anywhere in a file, type-checking blocks aside."""
    guarded = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for child in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if node in guarded:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{name.name}" for name in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_imports_point_one_way(path: Path) -> None:
    parts = path.relative_to(ROOT).parts
    if parts[0] == "functions" or path in WIRING or len(parts) < 2:
        return
    own = parts[1].removesuffix(".py")
    wrong = []
    for module in imports(TREES[path]):
        if not module.startswith("shared.") or module.split(".")[1] not in {
            n for names in LAYERS for n in names
        }:
            continue
        other = module.split(".")[1]
        if layer(other) < layer(own) and not (own == "signals" and other == "collect"):
            wrong.append(module)
    assert wrong == []


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_functions_and_files_stay_short(path: Path) -> None:
    lines = path.read_text().splitlines()
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno + 1 > 40  # type: ignore[operator]
    }
    assert long == {}
    assert len(lines) <= 250


@pytest.mark.parametrize("path", [p for p in SOURCES if p.read_text().strip()], ids=relative)
def test_modules_say_what_they_are(path: Path) -> None:
    assert ast.get_docstring(TREES[path])
    assert not NAMES.search(path.stem)


@pytest.mark.parametrize("path", TESTS, ids=relative)
def test_test_files_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_sql_lives_in_the_store() -> None:
    allowed = ("shared/store/", "shared/platform/d1/")
    wrong = [
        f"{relative(path)}: {node.value[:60]}"
        for path, tree in TREES.items()
        if not relative(path).startswith(allowed)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value)
    ]
    assert wrong == []


def test_pure_parts_do_not_act() -> None:
    wrong = [
        f"{relative(path)}: {module}"
        for path, tree in TREES.items()
        if len(path.parts) > 2
        and path.relative_to(ROOT).parts[1].removesuffix(".py") in PURE
        and not any(feeder in relative(path) for feeder in FEEDERS)
        for module in imports(tree)
        if IO.match(module) and module != "shared.platform.fetch" and "shared.platform.fetch" not in module
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ["collect", "detect_signals", "api", "dashboard", "deliver", "maintain"])
def test_a_function_starts_without_heavy_imports(name: str) -> None:
    code = f"import sys, functions.{name}.handler; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert HEAVY & {module.partition(".")[0] for module in loaded.stdout.split()} == set()


def test_nothing_names_a_registry_or_a_machine() -> None:
    hosts = re.compile(
        "|".join(("pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "deb" + r"\.debian"))
    )
    paths = re.compile(r"/wor" + r"k/(main|shared|\.)|/ro" + r"ot/")
    files = subprocess.run(
        ["git", "ls-files", "-z"], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout
    texts = {
        name: (ROOT / name).read_bytes().decode("utf-8", "replace") for name in files.split("\0") if name
    }
    assert [name for name, text in texts.items() if hosts.search(text) or paths.search(text)] == []


def test_locks_pin_hashes_and_no_addresses() -> None:
    for lock in ("requirements.lock", "requirements-test.lock"):
        text = (ROOT / lock).read_text()
        assert "://" not in text
        for line in re.findall(r"^[\w.\[\]-]+==.*$(?:\n    .*)*", text, re.M):
            assert "--hash=sha256:" in line, line
    for lock in ROOT.glob("**/package-lock.json"):
        if "node_modules" not in lock.parts:
            assert '"resolved"' not in lock.read_text(), lock


def test_no_two_tests_files_have_one_name() -> None:
    """They are imported by it: pytest would refuse to collect the second."""
    names = [path.name for path in TESTS if path.name != "conftest.py"]
    assert sorted({name for name in names if names.count(name) > 1}) == []
