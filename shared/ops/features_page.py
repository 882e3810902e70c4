"""docs/FEATURES.md from the dictionary: `python scripts/generate_docs.py` writes it."""

from __future__ import annotations

from shared.market.features.dictionary import FEATURES
from shared.market.features.feature import GROUPS, VERSION, Feature
from shared.market.features.metrics import FAMILIES
from shared.models import DAY, HOUR
from shared.store.features import KEEP

HEAD = """# Features

Generated from the dictionary by `make docs`; a test checks that it is current.

A feature is a number about an asset at the close of a bar of 5m, 1h or 1d. Most are ratios and logarithms, so
that assets compare. {count} features, version {version} of the dictionary.

## Point in time

- A feature is a function of bars up to its own, and of what else was true by the close and had been learned
  by the time it was computed: `at` is the close, `known_at` the computation. Nothing later can change it; a
  test computes every feature with and without the future and compares bit for bit.
- A row never changes. When a candle is corrected, `maintain` computes what follows from it again and stores a
  new version with a later `known_at`; `as_of` answers with the version that was known then. Features of news,
  books and metrics keep what was known at first.
- What cannot be known is `null`: warm-up, a source that nobody collects ("no data" in the dictionary), a bar
  without a range. Nothing is filled in.
- Versions only add features. A row names the version it was packed under, and the source of its candles.

## Where they are

- `GET /api/v1/ml-features/BTC?timeframe=1h&feature_groups=price,trend&format=structured|flat|array`, with
  `latest_only=false&limit=100` for rows of the past and `as_of` for what was known then; scope
  `read:ml-features`. `/api/v1/ml-features/bulk` has the newest row of every asset, `/api/v1/features` this
  dictionary with coverage: the share of assets that have a value right now.
- `cryptointel features BTC --step 1h --from 2024-01-01 --format csv|ndjson --out btc.csv` computes history
  from the stored candles, for `all` assets too.
- Table `ml_features_materialized`: one row for each bar length, close, asset and `known_at`. A run stores the
  newest 12 bars of each asset; older ones are what the export computes.

## How a row is packed

D1 allows a hundred columns a table, so a row is one BLOB:

| bytes | what |
|---|---|
| ⌈F / 8⌉ | one bit a feature of the row's dictionary version, lowest bit first: it has a value |
| 8 each | the values that are there, in the order of the dictionary, IEEE 754 doubles, little-endian |

```python
import struct
def unpack(data, names):            # names: of the row's dictionary version, in order
    head = -(-len(names) // 8)
    known = [data[i // 8] >> i % 8 & 1 for i in range(len(names))]
    values = iter(struct.unpack_from(f"<{{sum(known)}}d", data, head))
    return {{name: next(values) if bit else None for name, bit in zip(names, known)}}
```

Rows of {kept}. The candles they follow from stay for good.

## Data quality

Each row carries a rating of its series, every part from 0 to 1, and `quality_score`, their weighted geometric
mean (`shared/market/quality.py` has the formulas and weights): `coverage` and `gaps` of the last 97 bars,
`freshness` of the bar when it became known, `agreement` with other sources' prices, `corrections` in the
window. The API adds how many bars old the newest row is.
"""
METRICS = """
## Metrics

Inputs with a colon are metrics of the store: `{slug}` is the asset, `{chain}` its chain as DeFiLlama names
it, and `@24h` the value 24 hours before the close. A value older than the age below is none.

| metric | meaning | oldest |
|---|---|---|
"""


def page() -> str:
    """The whole page in Markdown."""
    head = HEAD.format(count=len(FEATURES), version=VERSION, kept=kept())
    metrics = "".join(
        f"| `{name}` | {one.meaning} | {age(one.max_age)} |\n" for name, one in FAMILIES.items()
    )
    return head + METRICS + metrics + "".join(section(group) for group in GROUPS)


def kept() -> str:
    """How long rows of each bar length are kept."""
    names = {HOUR: "1h", DAY: "1d"}
    parts = [
        f"{names.get(step, '5m')} stay {'for good' if span is None else f'for {span // DAY} days'}"
        for step, span in KEEP.items()
    ]
    return ", of ".join(parts)


def age(span: int) -> str:
    return f"{span // DAY} days" if span >= 2 * DAY else f"{span // HOUR} hours"


def section(group: str) -> str:
    features = [one for one in FEATURES if one.group == group]
    title = group.replace("_", " ").capitalize()
    lines = ["", f"## {title} ({len(features)})", ""]
    lines += ["| feature | definition | unit | inputs | warm-up |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(row(one) for one in features)]) + "\n"


def row(one: Feature) -> str:
    inputs = ", ".join(f"`{name}`" for name in one.inputs)
    since = "" if one.since == 1 else f" (since version {one.since})"
    definition = one.definition.replace("|", "&#124;")
    return f"| `{one.name}`{since} | {definition} | {one.unit} | {inputs} | {one.warmup or ''} |"
