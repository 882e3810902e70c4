"""One regular expression for thousands of words: a trie needs a step a letter, a plain list one a word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

END = ""


def word_pattern(words: Iterable[str]) -> str:
    """A pattern that matches any of the words, the longest where one begins another, and only as a whole
    word; they begin and end in letters or digits.

    It begins with the first letters, not with the boundary: so Python's engine skips what cannot begin a
    word of ours four times faster, and the boundary is looked for behind the letter.
    """
    starts = (f"{re.escape(char)}(?<!\\w.){branches(node)}" for char, node in sorted(trie_of(words).items()))
    return rf"(?:{'|'.join(starts)})\b"


def trie_of(words: Iterable[str]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for word in words:
        node = root
        for char in word:
            node = node.setdefault(char, {})
        node[END] = {}
    return root


def branches(node: dict[str, Any]) -> str:
    options = [prefix(char, child) for char, child in sorted(node.items()) if char != END]
    if not options:
        return ""
    alone = len(options) == 1 and END not in node
    pattern = options[0] if alone else f"(?:{'|'.join(options)})"
    return f"{pattern}?" if END in node else pattern


def prefix(char: str, node: dict[str, Any]) -> str:
    return re.escape(char) + branches(node)
