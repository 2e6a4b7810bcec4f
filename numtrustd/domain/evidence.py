"""Papers on file. The daemon keeps path, digest, kind and expiry, never content."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

KINDS: dict[str, str] = {
    "licence": "营业执照（加盖公章）",
    "number_ownership": "号码归属证明或运营商合同",
    "legal_person_id": "法人身份证（加盖公章）",
    "recordings": "通话录音",
    "order_screenshots": "订单截图",
    "call_records": "通话详单",
    "screenshots": "两部以上手机的标记截图",
    "authorisation": "授权书",
    "change_notice": "变更登记通知书",
}
"""Kinds of evidence and what a Chinese platform calls them."""


class Document(Struct, frozen=True):
    """One paper: where it lies, its digest (hex SHA-256) when it was registered, and the last day it is valid."""

    kind: str
    path: str
    digest: str = ""
    expires: date | None = None


def on_file(documents: Iterable[Document], today: date) -> frozenset[str]:
    """The kinds of which a valid paper is on file."""
    return frozenset(d.kind for d in documents if d.expires is None or d.expires >= today)


def missing(required: Iterable[str], held: frozenset[str]) -> tuple[str, ...]:
    """What is required and not held, in the order required."""
    return tuple(kind for kind in required if kind not in held)
