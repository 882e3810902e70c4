"""stack.yml, the only list of functions, as the dev server and the tests read it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Function:
    """One function of stack.yml; `module` is where its handler is imported from here."""

    name: str
    module: str
    image: str
    schedule: str | None
    environment: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    limits: dict[str, str] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)


def substitute(text: str, environ: Mapping[str, str]) -> str:
    """Replace `${NAME}` and `${NAME:-default}` as faas-cli does; `$NAME` stays."""
    return VARIABLE.sub(lambda found: environ.get(found[1]) or found[2] or "", text)


def read_stack(path: Path, environ: Mapping[str, str] = os.environ) -> tuple[Function, ...]:
    """Read the functions of a stack file, in its order."""
    stack = yaml.safe_load(substitute(path.read_text(), environ))
    return tuple(read_function(name, entry) for name, entry in stack["functions"].items())


def read_function(name: str, entry: dict[str, object]) -> Function:
    annotations = strings(entry.get("annotations"))
    return Function(
        name=name,
        module=str(entry["handler"]).removeprefix("./").replace("/", ".") + ".handler",
        image=str(entry["image"]),
        schedule=annotations.get("schedule"),
        environment=strings(entry.get("environment")),
        secrets=tuple(entry.get("secrets") or ()),  # type: ignore[arg-type]
        labels=strings(entry.get("labels")),
        annotations=annotations,
        limits=strings(entry.get("limits")),
        requests=strings(entry.get("requests")),
    )


def strings(mapping: object) -> dict[str, str]:
    return {str(key): str(value) for key, value in dict(mapping or {}).items()}  # type: ignore[call-overload]
