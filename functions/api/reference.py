"""The API reference, made of the OpenAPI description: Markdown for docs/, HTML without a script for /docs."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from typing import Any

STYLE = """:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2.5rem;border-bottom:1px solid #8886;padding-bottom:.3rem}
h3{font-family:ui-monospace,monospace;font-size:1rem;margin:1.8rem 0 .2rem;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.25rem .8rem .25rem 0;vertical-align:top}
code{font-family:ui-monospace,monospace}.m{display:inline-block;min-width:4.5rem;font-weight:700}
.s{opacity:.75}"""
INTRO = (
    "Every answer is JSON. Send `Authorization: Bearer <API key or JWT>`; instants are milliseconds since "
    "1970 UTC. Lists take `limit` (100, at most 1,000) and `cursor`. Errors are problem+json with a `code`. "
    "Answers carry `RateLimit`, `RateLimit-Policy` and `ETag`."
)

Operation = tuple[str, str, dict[str, Any]]


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, list[Operation]]]:
    """Yield (tag, [(method, path, operation)]) in the order of the description."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    yield from groups.items()


def kind(parameter: dict[str, Any]) -> str:
    """Write the type of a parameter: integer 1–1000, or its words."""
    schema = parameter["schema"]
    if "enum" in schema:
        return ", ".join(f"{word}" for word in schema["enum"])
    if "oneOf" in schema:
        return "instant"
    low, high = schema.get("minimum"), schema.get("maximum")
    return str(schema.get("type", "")) + (f" {low}–{high}" if high is not None else "")


def sentence(text: str) -> str:
    """End a summary as a sentence ends."""
    text = text.strip()
    return text if text.endswith(".") else f"{text}."


def scopes(operation: dict[str, Any]) -> str:
    return ", ".join(operation.get("x-required-scopes", [])) or "open to all"


def body_fields(operation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (name, what) for the fields of a JSON body."""
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    required = schema.get("required", [])
    for name in schema.get("properties", {}):
        yield name, "required" if name in required else "optional"


def markdown(schema: dict[str, Any]) -> str:
    """Write docs/API_REFERENCE.md."""
    lines = ["# API reference", "", "Generated from the server's OpenAPI description.", "", INTRO, ""]
    for tag, group in operations(schema):
        lines += [f"## {tag}", ""]
        for method, path, operation in group:
            about = operation.get("description") or operation["summary"]
            lines += [f"### `{method} {path}`", "", f"{sentence(about)} Scope: {scopes(operation)}.", ""]
            rows = [
                f"| `{p['name']}` | {p['in']} | {kind(p)} | {p.get('description', '')} |"
                for p in operation.get("parameters", [])
            ]
            rows += [f"| `{name}` | body | {what} | |" for name, what in body_fields(operation)]
            if rows:
                lines += ["| parameter | in | values | meaning |", "|---|---|---|---|", *rows, ""]
    lines += ["## Problem codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| `{code}` | {meaning} |" for code, meaning in schema["x-problem-codes"].items()]
    return "\n".join(lines) + "\n"


def page(schema: dict[str, Any]) -> tuple[bytes, str]:
    """Return the HTML page and the content security policy that fits it."""
    parts = ["<h1>API reference</h1>", f"<p>{code_marks(INTRO)}</p>"]
    parts.append('<p><a href="openapi.json">OpenAPI description</a></p>')
    for tag, group in operations(schema):
        parts.append(f"<h2>{escape(tag)}</h2>")
        parts += [operation_html(*one) for one in group]
    parts.append("<h2>Problem codes</h2><table>")
    for code, meaning in schema["x-problem-codes"].items():
        parts.append(f'<tr id="{escape(code)}"><th>{escape(code)}</th><td>{code_marks(meaning)}</td></tr>')
    parts.append("</table>")
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>API reference</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style><body>{''.join(parts)}</body></html>"
    )
    style = b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{style}'; frame-ancestors 'none'; base-uri 'none'"
    return html.encode(), f"{policy}; form-action 'none'"


def operation_html(method: str, path: str, operation: dict[str, Any]) -> str:
    about = code_marks(sentence(operation.get("description") or operation["summary"]))
    rows = [
        f"<tr><th><code>{escape(p['name'])}</code></th><td>{escape(p['in'])}</td><td>{escape(kind(p))}</td>"
        f"<td>{code_marks(p.get('description', ''))}</td></tr>"
        for p in operation.get("parameters", [])
    ]
    rows += [
        f"<tr><th><code>{escape(name)}</code></th><td>body</td><td>{what}</td><td></td></tr>"
        for name, what in body_fields(operation)
    ]
    table = f"<table>{''.join(rows)}</table>" if rows else ""
    head = f'<h3><span class="m">{method}</span>{escape(path)}</h3>'
    return f'{head}<p>{about} <span class="s">Scope: {escape(scopes(operation))}</span></p>{table}'


def code_marks(text: str) -> str:
    """Turn `code` of Markdown into HTML."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))
