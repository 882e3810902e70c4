"""How large a rule may be. The bounds keep each step of its way short, whoever wrote it."""

from __future__ import annotations

from shared.models import DAY, HOUR, MINUTE

# A rule longer than a screen is a program. With these, parsing takes milliseconds, and plain recursion walks
# the tree beside the frames of a web framework.
LENGTH_MAX, NODES_MAX, DEPTH_MAX = 2_000, 200, 50
NUMBER_MAX = 1e18  # milliseconds, dollars of a market, units of any coin: all are smaller

# Rows a rule may look back: a week of 5m, 12 weeks of 1h, five years of 1d; one block of stored candles.
LOOKBACK_MAX = 2_000
# Rows read in front of those for indicators that forget slowly: an ema(240) has forgotten its start by then
# to one part in 1e14, an ema(1000) to one in 3,000.
SETTLE_MAX = 4_000
OTHERS_MAX = 8  # other symbols, each read beside every symbol of the rule
LEAVES_MAX = 40  # different series
# Numbers of a firing's evidence, and characters of their names: they must fit into a webhook of 20 kB.
EVIDENCE_MAX, EVIDENCE_CHARS = 50, 10_000

# Operations a bar; about 2e9 a second are done, so the dearest rule judges 50,000 bars in half a second.
COST_MAX = 20_000
WINDOW_WORK, INDICATOR_WORK, DATA_WORK = 1, 40, 5  # measured in units of one pass over a column

# Live: bars further back than that are passed over, a firing that is known later than a bar (and an hour) is
# stored and not sent, and a rule that cannot be judged so often in a row is disabled.
CATCH_UP, LATE, FAILURES_MAX = 500, HOUR, 5
PRIMING = 10  # rows before the first new one that tell whether a new rule was false

SPAN_MIN, SPAN_MAX = MINUTE, 30 * DAY  # of news and signals before a bar's close

# A dry run answers in seconds: so many bars are read and judged in two or three of them.
BARS_MAX, WORK_MAX, SECONDS_MAX = 200_000, 2_000_000_000, 20.0
USUAL_BARS = 50_000  # where nobody chose a period, the longest that stays below this
FIRINGS_LISTED = 200
PERIODS = {"24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY, "1y": 365 * DAY, "3y": 1096 * DAY}

TIMEFRAMES = {"5m": 5 * MINUTE, "1h": HOUR, "1d": DAY}  # the bars that are watched live
RULES_MAX = 100  # of one user
SYMBOLS_MAX = 200  # of one rule
NAME_MAX = 100
COOLDOWN, COOLDOWN_MAX = (
    HOUR,
    30 * DAY,
)  # a rule is quiet for an hour after it fired, unless it says otherwise
