"""The families of tables, one file each; the order is the order of looking."""

from __future__ import annotations

from shared.signals.families import books, mentions, metrics, news_counts, quotes, sentiment, series
from shared.signals.families.family import Family

FAMILIES: tuple[Family, ...] = (
    sentiment.FAMILY,
    news_counts.FAMILY,
    mentions.FAMILY,
    quotes.FAMILY,
    books.FAMILY,
    metrics.FAMILY,
    series.FAMILY,
)
