"""The shipped corpus of answers that say nothing of a number, and the rules that would take one of them for good news.

A rule that says clean or certified and holds for a captcha page hides labels for as long as the platform blocks: the
most expensive mistake that a pack's author can make, and one that no look ever shows. Guards do not excuse such a
rule: they know the blocks of yesterday.
"""

import importlib.resources
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import Struct

from numtrustd.domain.number import Number, NumberKind, from_canonical
from numtrustd.probes import extract
from numtrustd.probes.spec import SayCertified, SayClean, Source
from numtrustd.wire import echo
from numtrustd.wire.exchange import Reply
from numtrustd.wire.match import Answer, callback
from numtrustd.wire.spec import Jsonp, Take

EXAMPLES = {
    NumberKind.MOBILE: "+8613800138000",
    NumberKind.LANDLINE: "+862151288888",
    NumberKind.SERVICE_400: "4008101234",
    NumberKind.SERVICE_95: "95588",
    NumberKind.SHORT_CODE: "10086",
    NumberKind.FOREIGN: "+12025550123",
}
"""A number of each kind, for pages that repeat the one asked for."""

_TYPES = {"html": "text/html; charset=utf-8", "json": "application/json", "text": "text/plain; charset=utf-8"}


class Page(Struct, frozen=True, forbid_unknown_fields=True):
    """One answer with HTTP 200. `about` says in words what it is; `{number}` in `body` is the number asked for."""

    name: str
    about: str
    type: Literal["html", "json", "text"]
    body: str


@lru_cache(maxsize=1)
def shipped() -> tuple[Page, ...]:
    """The pages that came with the program."""
    file = importlib.resources.files("numtrustd.settings") / "blocked_pages.toml"
    return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8"))["page"], tuple[Page, ...])


def lint(source: Source) -> list[str]:
    """The rules that say clean or certified of a page that says nothing, one line each: `key: what; remedy`."""
    rules = [rule for rule in source.rules if rule.when and isinstance(rule.then, SayClean | SayCertified)]
    if not rules or not source.kinds:
        return []
    wrong: dict[str, str] = {}
    number = from_canonical(EXAMPLES[source.kinds[0]])
    for page in shipped():
        for answer in _answers(source, page, number):
            for rule in rules:
                if rule.name not in wrong and all(map(answer.holds, rule.when)):
                    said = "clean" if isinstance(rule.then, SayClean) else "certified"
                    wrong[rule.name] = (
                        f'rule.{rule.name}.when: would say {said} of {page.about} (page "{page.name}") as well; '
                        f"add a condition on something that only the number's own card has"
                    )
    return list(wrong.values())


def _answers(source: Source, page: Page, number: Number) -> Iterator[Answer]:
    """The page as each reading would see it."""
    asked = echo.asked(number)
    text = page.body.strip().replace(
        "{number}", number.national if number.kind is not NumberKind.FOREIGN else number.e164
    )
    for body in _bodies(source, page, text, asked):
        answer = Answer(Reply(200, (("content-type", _TYPES[page.type]),), body.encode()), source.views, asked)
        for reading in source.readings:
            yield extract.narrowed(source, reading, answer)


def _bodies(source: Source, page: Page, text: str, asked: echo.Asked) -> Iterator[str]:
    """The page as it is, and inside what the source unpacks before it reads: a member, a callback."""
    steps = [step for view in source.views.values() for step in view.steps]
    members = {step.path for step in steps if isinstance(step, Take) and step.path.isidentifier()}
    inner = [text]
    if page.type == "html":
        inner += [msgspec.json.encode({member: text}).decode() for member in sorted(members)]
    callbacks = {callback(step, asked) for step in steps if isinstance(step, Jsonp)}
    for one in inner:
        yield one
        if one.startswith("{"):
            yield from (f"{name}({one})" for name in sorted(callbacks))
