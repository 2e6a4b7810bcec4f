"""The ledger's charges that weigh on the budget, of all numbers, in memory: what may be spent is asked in every step.

The store holds the ledger. A number's step writes its charges with everything else that it decides; they are noted here
before that is stored, for two numbers must not spend the same yuan while one of them waits for the disk.
"""

from collections.abc import Iterable, Mapping

import trio

from numtrustd.domain.ledger import Charge, Standing
from numtrustd.store import Store, records


class Book:
    """One per daemon. `charges` are all that cost something and are not void; `turn` is for people's own entries, which
    go by what is entered already.
    """

    def __init__(self) -> None:
        self.turn = trio.Lock()
        self._paid: dict[str, Charge] = {}

    def load(self, store: Store) -> None:
        """Take over what is stored, before any actor runs."""
        self._paid = {}
        self.note(records.all_charges(store))

    @property
    def charges(self) -> Mapping[str, Charge]:
        """By id; what `ledger.may_spend` and `ledger.forecast` want."""
        return self._paid

    def note(self, charges: Iterable[Charge]) -> None:
        """Charges were entered or settled, or are about to be."""
        for charge in charges:
            if charge.fen and charge.standing is not Standing.VOID:
                self._paid[charge.id] = charge
            else:
                self._paid.pop(charge.id, None)
