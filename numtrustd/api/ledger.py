"""The ledger as it is shown on the status socket, and how people enter what they paid.

Amounts are fen, a hundredth of a yuan, as whole numbers: a client that adds them up gets what is told here.
"""

from typing import Annotated, Literal

from msgspec import Meta

from numtrustd.api.declare import Params, Result, When
from numtrustd.domain.ledger import What

Text = Annotated[str, Meta(max_length=1024)]
FenCount = Annotated[int, Meta(ge=0, le=10**11)]


class ChargeRow(Result, frozen=True, kw_only=True):
    """One entry. `standing` is planned, committed or void, `way` official or agent; `at` is when it was planned,
    `settled_at` when it went out or was given up.
    """

    charge: str
    at: When
    what: str
    fen: int
    way: str
    standing: str
    number: str | None = None
    platform: str | None = None
    case: str | None = None
    settled_at: When | None = None
    by: str | None = None
    note: str | None = None


class PlanRow(Result, frozen=True, kw_only=True):
    """Something that is going to cost money until the end of the month and is not entered yet: fen, from the least to
    the most.
    """

    number: str
    platform: str
    what: str
    least: int
    most: int
    why: str
    case: str | None = None


class Outlook(Result, frozen=True, kw_only=True):
    """What the present month will have cost at its end: what is paid, what is planned, and the `plans` beside that, of
    which the first are told, the dearest first; `plan_count` counts all. `over` is by how much the most is above the
    budget.
    """

    least: int
    most: int
    plan_count: int
    plans: tuple[PlanRow, ...]
    over: int | None = None


class LedgerView(Result, frozen=True, kw_only=True):
    """One month. `committed`, `planned` and `void` are the sums (fen) of its `entries` charges; `charges` shows the
    newest of them. `budget` is that of any month. Of the present one `over` is by how much the budget is exceeded once
    all that is planned is paid, and `forecast` what it will have cost at its end.
    """

    now: When
    month: str
    present: bool
    committed: int
    planned: int
    void: int
    entries: int
    budget: int
    charges: tuple[ChargeRow, ...]
    over: int | None = None
    forecast: Outlook | None = None


class GetLedger(Params[LedgerView], frozen=True, kw_only=True):
    """What a month cost (2026-11; the present one if left out): its charges, their sums, the budget.

    number picks the charges of one number; limit is how many are shown, the newest first.
    """

    month: Text | None = None
    number: Text | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 200


class ChargeTaken(Result, frozen=True, kw_only=True):
    """What was entered, and what its month comes to with it; fen."""

    now: When
    charge: str
    number: str
    what: str
    fen: int
    month: str
    spent: int
    budget: int


class RecordCharge(Params[ChargeTaken], frozen=True, kw_only=True):
    """Somebody paid a fee, or used up one of a quota (fen 0), for a number at a platform, by hand or through an agent.
    key makes two entries the same one.
    """

    number: Text
    platform: Text
    what: What
    fen: FenCount = 0
    way: Literal["official", "agent"] = "official"
    note: Text | None = None
    key: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    author: Text | None = None
