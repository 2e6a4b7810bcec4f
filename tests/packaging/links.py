"""The links of Markdown files that point nowhere: to a file that is not there, or to a heading that it lacks."""

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark").enable("table")


def _tokens(text: str) -> Iterator[Token]:
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def links(file: Path) -> list[str]:
    """Where a file's links and pictures lead, as they are written."""
    found = (
        token.attrs.get("href" if token.type == "link_open" else "src") for token in _tokens(file.read_text("utf-8"))
    )
    return [str(target) for target in found if target]


@functools.cache
def anchors(file: Path) -> frozenset[str]:
    """The names under which the headings of a file can be linked to, as the usual viewers make them."""
    tokens = PARSER.parse(file.read_text("utf-8"))
    headings = [after.content for token, after in itertools.pairwise(tokens) if token.type == "heading_open"]
    return frozenset(_slug(heading) for heading in headings)


def _slug(heading: str) -> str:
    kept = [c for c in heading.replace("`", "").lower() if c in "-_ " or unicodedata.category(c)[0] in "LNM"]
    return re.sub(" ", "-", "".join(kept).strip())


def dead_links(root: Path) -> list[str]:
    """`file: link` for every link below `root` that leads nowhere, or out of it. Those into the web are left alone."""
    dead = []
    files = sorted(root.rglob("*.md"))
    assert files, f"nothing to read in {root}"
    for file in files:
        for link in links(file):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file.resolve()
            there = target.exists() and target.is_relative_to(root.resolve())
            if not there or (parts.fragment and unquote(parts.fragment) not in anchors(target)):
                dead.append(f"{file.relative_to(root)}: {link}")
    return dead
