"""What is so at present outside of one number: what its decisions may ask while one message is decided. Only read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.ledger import Charge, What
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.observation import Instant


def never(case: str) -> bool:
    """No submission is queued."""
    return False


def nothing(platform: str, what: What) -> Iterable[Charge]:
    """Nobody has handed anything in."""
    return ()


@dataclass(frozen=True)
class Present:
    """`declared` are the platforms' declared maintenances; `queued` tells whether a case's submission has not begun to
    leave; `calls` gives the number's call statistics, `charges` its entries in the ledger, `paid` all that cost
    something and `uses` all of a kind at a platform, of all numbers; `no_room`: the store is nearly full;
    `restored_at`: when a backup was last put back.
    """

    declared: Mapping[str, Maintenance] = field(default_factory=dict)
    queued: Callable[[str], bool] = never
    calls: Callable[[], Sequence[DayCalls]] = tuple
    charges: Callable[[], Sequence[Charge]] = tuple
    paid: Callable[[], Iterable[Charge]] = tuple
    uses: Callable[[str, What], Iterable[Charge]] = nothing
    no_room: bool = False
    restored_at: Instant | None = None
