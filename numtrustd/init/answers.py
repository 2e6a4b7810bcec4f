"""What a new user said, and what is wrong with it as it stands."""

from pathlib import Path
from typing import Literal

from msgspec import Struct

from numtrustd.domain.number import Problem, parse

Approval = Literal["ask", "automatic"]


class Answers(Struct, frozen=True, kw_only=True):
    """`numbers` are spelt as people spell them; `numbers_file` is taken instead if there is one. `enable` are ids of
    sources, or of platforms of which the first source is meant. Directories that are empty are those of the system
    (/var/lib/numtrustd, /run/numtrustd), a `group` of None is numtrustd-ctl, an empty one is none. `groups` are those
    that the numbers' file names and the settings have to describe.
    """

    company: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    display_name: str = ""
    numbers: tuple[str, ...] = ()
    numbers_file: Path | None = None
    enable: tuple[str, ...] = ()
    approval: Approval = "ask"
    state_dir: str = ""
    socket_dir: str = ""
    group: str | None = None
    groups: tuple[str, ...] = ()


def faults(answers: Answers) -> list[str]:
    """Everything that no file can be made of, each with its flag, what is wrong and what would be right."""
    wrong = []
    texts = {
        "--company": answers.company,
        "--contact-name": answers.contact_name,
        "--contact-phone": answers.contact_phone,
        "--display-name": answers.display_name,
        "--state-dir": answers.state_dir,
        "--socket-dir": answers.socket_dir,
        "--group": answers.group or "",
        "--numbers": str(answers.numbers_file or ""),
    }
    for flag, text in texts.items():
        if any("\ud800" <= c <= "\udfff" for c in text):
            wrong.append(f"{flag}: {text!r} is not UTF-8: type it anew")
    seen: dict[str, str] = {}
    for number in answers.numbers:
        read = parse(number)
        if isinstance(read, Problem):
            wrong.append(f"--number: {number!r}: {read.what}: {read.remedy}")
        elif read.canonical in seen:
            wrong.append(f"--number: {number!r} is the same number as {seen[read.canonical]!r}: give it once")
        else:
            seen[read.canonical] = number
    return wrong
