"""Text and links of feeds made harmless: plain text without markup or invisible characters, http links.

feedparser neither sanitises plain-text titles nor links: `<script>`, `javascript:` and `data:` come through.
"""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

TEXT_MAX, LINK_MAX, KEY_MAX = 500, 2000, 200
READ_MAX = 20_000  # of a text that is cut to 500 no more is looked at
ROUNDS = 3  # markup escaped twice is still markup to somebody
MARKUP = re.compile(r"<[a-zA-Z/!?]")
BLOCKS = re.compile(r"<(?=/?(?:p|br|div|li|ul|ol|h[1-6]|t[dr]|table|blockquote|figure)\b)", re.I)
# C0 and C1 controls, bidi marks and orders, zero-width and line separators, lone surrogates, tag characters.
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
TRACKERS = re.compile(r"utm_|(?:fbclid|gclid|igshid|mc_[ce]id|ref|cmpid|source|src)$", re.I)


def clean(text: str, most: int = TEXT_MAX) -> str:
    """Plain text of one line, at most `most` characters; entities decoded, tags and what is unseen gone."""
    text = UNSEEN.sub("", text[:READ_MAX])
    if "<" in text or "&" in text:
        text = UNSEEN.sub("", without_markup(text))
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1].rsplit(' ', 1)[0].rstrip()}…"


def without_markup(text: str) -> str:
    import nh3

    for _ in range(ROUNDS):
        plain = UNSEEN.sub("", html.unescape(text))  # also what an entity hid: &#8238;
        if MARKUP.search(plain):
            plain = html.unescape(nh3.clean(BLOCKS.sub(" <", plain), tags=set()))
        elif plain == text:
            break
        text = plain
    return MARKUP.sub(" ", text)


def clean_link(url: str) -> str | None:
    """The absolute http(s) URL without fragment and trackers, or None for anything else."""
    url = url.strip()
    if not 0 < len(url) <= LINK_MAX or not url.isprintable() or any(c in url for c in ' "<>\\^`{|}'):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
        query = [pair for pair in parse_qsl(parts.query, True) if not TRACKERS.match(pair[0])]
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    kept = parts.query if "=" not in parts.query else urlencode(query)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, kept, ""))


def link_key(url: str) -> str:
    """What a clean link has in common with the same page linked by another feed."""
    parts = urlsplit(url)
    host = parts.netloc.removeprefix("www.")
    return f"{host}{parts.path.rstrip('/')}{'?' if parts.query else ''}{parts.query}"
