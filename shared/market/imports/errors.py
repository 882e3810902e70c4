"""Why a file is not imported as it is."""

from __future__ import annotations

from shared.errors import Invalid


class NotCandles(Invalid):
    """The file holds something else; the message says what is missing."""


class AmbiguousImport(Invalid):
    """The file can be read in more than one way; the message says what to pass."""
