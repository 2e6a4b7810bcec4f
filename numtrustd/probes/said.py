"""PURE: what somebody says was shown, a program on its output or a person over the socket, and what it comes to.

Both say it in the same words, so both are held to the same rules here: a line that contradicts itself, or that says
"clean" beside a label, is refused and never read as the better half of it. `command` and `report` beside this use it.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from numtrustd.domain.label import WORD_NOT_KNOWN, Category, classify
from numtrustd.domain.near import near
from numtrustd.domain.observation import Instant, Observation, Status, UnknownReason

Shown = Annotated[str, Meta(max_length=500)]
"""A text as a screen shows it."""

Count = Annotated[int, Meta(ge=0, le=10**12)]


class Said(Struct, frozen=True, kw_only=True):
    """What was seen of one number at one place. `marks` is the count shown; `logo` names or digests the picture."""

    status: Status
    reason: str | None = None
    words: Shown | None = None
    marks: Count | None = None
    name: Shown | None = None
    logo: Shown | None = None
    tag: Shown | None = None


def contradiction(said: Said, offered: Sequence[UnknownReason] = tuple(UnknownReason)) -> tuple[str, str] | None:
    """(the field, why it cannot be so); `None` when what is said can be. `offered` are the reasons that are named to
    whoever gives none.
    """
    for field in ("words", "name", "logo", "tag"):
        if (text := getattr(said, field)) is not None and not text.strip():
            return field, "is empty: leave it out when nothing was shown"
    match said.status:
        case Status.UNKNOWN:
            given = [f for f in ("words", "marks", "name", "logo", "tag") if getattr(said, f) is not None]
            if given:
                return given[0], "was seen although nothing could be: say marked, clean or certified"
            if said.reason is None:
                return "reason", f"is missing: one of {', '.join(offered)}"
            if said.reason not in set(UnknownReason):
                meant = near(said.reason, UnknownReason)
                asked = "" if meant is None else f": did you mean {meant}?"
                return "reason", f'"{said.reason}" is none of {", ".join(offered)}{asked}'
        case _ if said.reason is not None:
            return "reason", "is for what could not be seen: leave it out"
        case Status.CLEAN:
            if said.words is not None:
                return "words", "are shown although the number is said to be clean: say marked"
            if said.marks:
                return "marks", "are counted although the number is said to be clean: say marked"
        case Status.CERTIFIED:
            if said.name is None:
                return "name", "is missing: name what it shows, as a certified number does"
            if said.words is not None:
                return "words", "are of a label: say marked where one is shown, else leave them out"
            if said.marks:
                return "marks", "are of a label: say marked where one is shown, else leave them out"
        case Status.MARKED:
            if said.words is None:
                return "words", "are missing: write the label as it is shown"
    return None


def observation(
    said: Said, platform: str, source: str, surface: str, at: Instant, words: Mapping[str, Mapping[str, Category]]
) -> Observation:
    """The observation that this is; what is said must not contradict itself. `words` as in `probes.extract`."""
    category, detail = None, None
    if said.status is Status.MARKED:
        category, known = classify(said.words or "", words.get(platform))
        detail = None if known else WORD_NOT_KNOWN
    return Observation(
        platform=platform,
        source=source,
        at=at,
        status=said.status,
        surface=surface,
        category=category,
        words=said.words,
        marks=said.marks,
        name=said.name,
        logo=said.logo,
        tag=said.tag,
        reason=None if said.reason is None else UnknownReason(said.reason),
        detail=detail,
    )
