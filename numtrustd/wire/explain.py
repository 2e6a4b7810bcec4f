"""Why a condition holds or not, in words: what `numtrustd look --verbose` shows of `match`'s work."""

from selectolax.lexbor import LexborNode

from numtrustd.wire.match import UNREADABLE, Answer, plain, tidy
from numtrustd.wire.spec import Condition, Locator

SHOWN = 80


def place(where: Locator) -> str:
    """A place as people say it: `json: path type`, `html: css .mark`, `body`."""
    parts = [where.view or "body"]
    if where.path is not None:
        parts.append(f"path {where.path}")
    if where.css is not None:
        parts.append(f"css {where.css}" + (f" @{where.attr}" if where.attr else ""))
    return ": ".join(parts)


def test(condition: Condition) -> str:
    """The test of a condition: `equals 'mobilecheck'`."""
    if condition.status is not None:
        return f"status in {list(condition.status)}"
    for name in ("exists", "equals", "one_of", "contains", "matches", "nonempty", "has_number", "at_least"):
        if (wanted := getattr(condition, name)) is not None:
            return f"{name} {wanted!r}"
    return "no test"


def found(answer: Answer, where: Locator) -> str:
    """What stands at a place, cut to a line."""
    value = answer.locate(where)
    if value is UNREADABLE:
        return f"the view {where.view or 'body'} cannot be read there"
    if value is None:
        return "nothing there"
    kind = "element with " if isinstance(value, LexborNode) else ""
    text = tidy(plain(value))
    return kind + repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")


def why(answer: Answer, condition: Condition) -> str:
    """One line: the condition, whether it holds, and what was found."""
    verdict = "holds" if answer.holds(condition) else "does not hold"
    if condition.status is not None:
        return f"{test(condition)} {verdict}: {answer.reply.status}"
    return f"{place(condition)} {test(condition)} {verdict}: {found(answer, condition)}"
