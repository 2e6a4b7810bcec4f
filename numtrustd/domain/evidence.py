"""Papers on file, and whether each still counts. The daemon keeps path, digest, kind and expiry, never content.

A paper counts as long as its file is the one that was registered and it has not expired. `actors.papers` looks at the
files and says what changed.
"""

import enum
from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct, structs

KINDS: dict[str, str] = {
    "licence": "营业执照（加盖公章）",
    "number_ownership": "号码归属证明或运营商合同",
    "legal_person_id": "法人身份证（加盖公章）",
    "recordings": "通话录音",
    "order_screenshots": "订单截图",
    "call_records": "通话详单",
    "screenshots": "两部以上手机的标记截图",
    "authorisation": "授权书",
    "change_notice": "准予变更登记通知书",
    "number_cancellation": "号码注销证明",
    "transfer_agreement": "号码过户协议",
    "right_information": "标明错误字段的截图与正确信息的证明材料",
    "nda": "与代理机构的保密协议",
}
"""Kinds of evidence and what a Chinese platform calls them; an `nda` is what an agent signed who gets papers."""


OF_ONE_NUMBER = frozenset(
    {"recordings", "order_screenshots", "call_records", "screenshots", "number_cancellation", "right_information"}
)
"""The kinds that show one number by nature: of another number's case they prove nothing."""

NAMED: dict[str, tuple[str, ...]] = {
    "licence": ("营业执照", "业务执照", "licence", "license"),
    "number_ownership": ("归属", "号码证明", "实名", "运营商合同", "入网", "ownership"),
    "legal_person_id": ("身份证", "法人证件"),
    "recordings": ("录音", "recording"),
    "order_screenshots": ("订单", "order"),
    "call_records": ("详单", "话单", "通话记录", "call record"),
    "screenshots": ("截图", "screenshot"),
    "authorisation": ("授权", "委托", "authorisation", "authorization"),
    "change_notice": ("变更登记", "变更通知"),
}
"""What platforms write when they want a paper of a kind."""


def named(answer: str) -> tuple[str, ...]:
    """The kinds of paper that a platform's answer asks for, or says to be missing: by its own words, or by the kind."""
    said = answer.casefold()
    return tuple(kind for kind in KINDS if kind in said or any(word.casefold() in said for word in NAMED.get(kind, ())))


class PaperPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """`[papers]`: how long before it expires a paper is spoken of, and how often the files are looked at; seconds."""

    notice: float = 2_592_000.0
    interval: float = 21_600.0


class PaperState(enum.StrEnum):
    """How a paper is. Only one that is valid or about to expire counts as on file."""

    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    CHANGED = "changed"
    MISSING = "missing"


FINDINGS = {
    PaperState.EXPIRING: "paper_expiring",
    PaperState.EXPIRED: "paper_expired",
    PaperState.CHANGED: "paper_changed",
    PaperState.MISSING: "paper_missing",
}
"""What each state but `valid` is called as a finding. It is the company's, of no number."""

COUNTS = frozenset({PaperState.VALID, PaperState.EXPIRING})


class Document(Struct, frozen=True):
    """One paper as it is registered: where it lies, the digest (hex SHA-256) of its file when that was last looked at,
    and the last day it is valid. `pinned` is the digest that the settings want. `agent` is whose NDA it is. It serves
    these `platforms`, kinds of `cases` and `numbers` (canonical); all, where none are named.

    `trouble` is `changed` or `missing` when the file is no longer what was registered, `detail` why it cannot be read.
    """

    kind: str
    path: str
    digest: str = ""
    expires: date | None = None
    pinned: str = ""
    agent: str = ""
    platforms: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    trouble: str = ""
    detail: str = ""

    def about(self, number: str) -> bool:
        """Whether it says anything of that number: it is bound to none, or to this one."""
        return not self.numbers or number in self.numbers

    def serves(self, platform: str, workflow: str = "appeal", number: str = "") -> bool:
        """Whether it may be handed in there, in a case of that kind, for that number; without one, whether it may for
        a number that no paper is bound to.
        """
        at_home = (not self.platforms or platform in self.platforms) and (not self.cases or workflow in self.cases)
        return at_home and self.about(number)


def about(documents: Iterable[Document], number: str) -> tuple[Document, ...]:
    """Those that say anything of a number."""
    return tuple(document for document in documents if document.about(number))


class Registered(Struct, frozen=True, omit_defaults=True):
    """What is remembered of a paper: the digest of the file that was put on file under this expiry (ISO date), and the
    state that was said last. One that somebody registered by hand, no settings, says `by` whom and what else is known.
    """

    kind: str
    path: str
    digest: str = ""
    expires: str = ""
    said: str = ""
    by: str = ""
    agent: str = ""
    platforms: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    @property
    def document(self) -> Document:
        """A paper that was registered by hand, as its file was then."""
        expires = date.fromisoformat(self.expires) if self.expires else None
        return Document(
            self.kind,
            self.path,
            self.digest,
            expires,
            agent=self.agent,
            platforms=self.platforms,
            cases=self.cases,
            numbers=self.numbers,
        )


def entry_of(document: Document, before: Registered | None) -> Registered:
    """The register's entry of a paper. The first file that is seen under an entry of the settings is the registered
    one, unless they pin another; an entry whose expiry or digest was changed there is a new one.
    """
    expires = document.expires.isoformat() if document.expires else ""
    if before is not None and before.expires == expires and document.pinned in ("", before.digest):
        return before if before.digest else structs.replace(before, digest=document.digest)
    return Registered(document.kind, document.path, document.pinned or document.digest, expires)


def compared(document: Document, entry: Registered) -> Document:
    """The paper with its trouble, if its file can be read, by what is registered."""
    if document.trouble == PaperState.MISSING:
        return document
    changed = bool(document.digest and entry.digest) and document.digest != entry.digest
    return structs.replace(document, trouble=PaperState.CHANGED if changed else "", detail="")


def state(document: Document, today: date, notice: float = 0.0) -> PaperState:
    """How a paper is today; `notice` seconds before it expires it is expiring."""
    if document.trouble:
        return PaperState(document.trouble)
    if document.expires is None or document.expires - timedelta(seconds=notice) > today:
        return PaperState.VALID
    return PaperState.EXPIRING if document.expires >= today else PaperState.EXPIRED


def why(document: Document, today: date, notice: float = 0.0) -> str:
    """Why a paper is in its state, in words; empty for a valid one."""
    match state(document, today, notice):
        case PaperState.VALID:
            return ""
        case PaperState.EXPIRING:
            return f"expires on {document.expires}"
        case PaperState.EXPIRED:
            return f"expired on {document.expires}"
        case PaperState.CHANGED:
            return "changed since it was registered"
        case PaperState.MISSING:
            return f"cannot be read: {document.detail or 'no reason given'}"


def amiss(documents: Iterable[Document], today: date, notice: float = 0.0) -> tuple[str, ...]:
    """The papers that are not simply valid, each with what is the matter: `kind path: why`."""
    return tuple(f"{d.kind} {d.path}: {said}" for d in documents if (said := why(d, today, notice)))


NDA = "nda"


def demanded(required: Iterable[str], agent: str = "") -> tuple[str, ...]:
    """The kinds that have to be on file before anything is handed in: those that the platform wants, and where an agent
    gets to see them, what he signed first.
    """
    wanted = tuple(required)
    return wanted if not agent or NDA in wanted else (*wanted, NDA)


def _anothers(document: Document, agent: str) -> bool:
    """Whether it is an NDA, and not of this agent."""
    return bool(agent) and document.kind == NDA and document.agent != agent


def on_file(
    documents: Iterable[Document],
    today: date,
    platform: str = "",
    workflow: str = "appeal",
    agent: str = "",
    number: str = "",
) -> frozenset[str]:
    """The kinds of which a paper that counts is on file, for such a case of this number at this platform, through this
    agent.
    """
    return frozenset(
        d.kind
        for d in documents
        if (not platform or d.serves(platform, workflow, number))
        and state(d, today) in COUNTS
        and not _anothers(d, agent)
    )


def why_missing(
    documents: Iterable[Document],
    kind: str,
    today: date,
    platform: str,
    workflow: str = "appeal",
    agent: str = "",
    number: str = "",
) -> str:
    """Why no paper of this kind counts there for this number; empty if one does."""
    reasons, others = [], 0
    for document in documents:
        if document.kind != kind:
            continue
        if _anothers(document, agent):
            reasons.append(f"{document.path} is {document.agent}'s, not {agent}'s")
        elif not document.about(number):
            others += 1
        elif not document.serves(platform, workflow, number):
            scope = ", ".join((*document.platforms, *document.cases))
            reasons.append(f"{document.path} is for {scope} only")
        elif state(document, today) in COUNTS:
            return ""
        else:
            reasons.append(f"{document.path} {why(document, today)}")
    if others and not reasons:
        return "those on file are for other numbers only"
    return "; ".join(reasons) or "none is on file"


def missing(required: Iterable[str], held: frozenset[str]) -> tuple[str, ...]:
    """What is required and not held, in the order required."""
    return tuple(kind for kind in required if kind not in held)
