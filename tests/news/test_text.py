"""Text and links of strangers, made harmless."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.news.text import TEXT_MAX, UNSEEN, clean, clean_link, link_key

TAG = re.compile(r"<[a-zA-Z/!?]")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Bitcoin &amp; ether", "Bitcoin & ether"),
        ("<p>One.</p><p>Two.</p>", "One. Two."),
        ("<b>bold</b>ly", "boldly"),
        ("<script>alert(1)</script>after", "after"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;after", "after"),
        ("&amp;lt;img src=x onerror=alert(1)&amp;gt;after", "after"),
        ("<img src=x onerror=alert(1)>", ""),
        ("a < b and c > d", "a < b and c > d"),
        ("5 &lt; 6 &amp; 7", "5 < 6 & 7"),
        ("one\n two\t three", "one two three"),
        ("\u202egnp.exe\u202c\u200b", "gnp.exe"),
        ("&#8238;evil&#x202c;", "evil"),
        ("zero\x00byte\x1b[31m", "zerobyte[31m"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("  café – naïve 日本 🚀 ", "café – naïve 日本 🚀"),
        ("<p>café</p>\u2028<br/>bar", "café bar"),
    ],
)
def test_text_becomes_plain(text: str, plain: str) -> None:
    assert clean(text) == plain


def test_long_text_ends_at_a_word() -> None:
    found = clean("word " * 400)
    assert len(found) <= TEXT_MAX
    assert found.endswith("word…")


@given(st.text(max_size=300) | st.text(alphabet="<>&;/!?ablt#x3 \u202e", max_size=200))
def test_nothing_that_looks_like_markup_is_left(text: str) -> None:
    found = clean(text)
    assert not TAG.search(found)
    assert not UNSEEN.search(found)
    assert len(found) <= TEXT_MAX
    assert found == found.strip()


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.example/x?utm_source=rss&utm_medium=y&id=5#top", "https://a.example/x?id=5"),
        ("HTTPS://A.example/X", "https://a.example/X"),
        ("http://a.example", "http://a.example"),
        (" https://a.example/x \n", "https://a.example/x"),
        ("https://a.example/x?page", "https://a.example/x?page"),
        ("https://bücher.example/x", "https://bücher.example/x"),
    ],
)
def test_links_lose_what_follows_readers(url: str, kept: str) -> None:
    assert clean_link(url) == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "/relative",
        "//host/x",
        "ftp://a.example/",
        "file:///etc/passwd",
        "https://user:secret@a.example/",
        "https:///nohost",
        "https://a.example:99999/",
        "https://[::1",
        "https://a.example/ x",
        'https://a.example/"onclick',
        "https://a.example/\x00",
        "https://a.example/\u202e",
        "https://a.example/" + "x" * 3000,
        "java\nscript:alert(1)",
    ],
)
def test_other_links_are_refused(url: str) -> None:
    assert clean_link(url) is None


@given(st.text(max_size=60) | st.text(max_size=40).map("https://a.example/".__add__))
def test_a_clean_link_is_absolute_and_stays_clean(url: str) -> None:
    found = clean_link(url)
    if found is not None:
        assert found.startswith(("http://", "https://"))
        assert clean_link(found) == found


def test_one_page_has_one_key() -> None:
    links = ("https://www.a.example/x/", "http://a.example/x", "https://a.example/x?utm_campaign=b#c")
    assert {link_key(clean_link(link) or "") for link in links} == {"a.example/x"}
