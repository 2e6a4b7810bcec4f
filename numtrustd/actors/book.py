"""The ledger's charges that weigh on the budget, and on the quotas that all numbers share, in memory: what may be spent
and handed in is asked in every step.

The store holds the ledger. A number's step writes its charges with everything else that it decides; they are noted here
before that is stored, for two numbers must not spend the same yuan, nor take the last place of one quota, while one of
them waits for the disk.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import trio

from numtrustd.domain.ledger import Charge, Standing, What
from numtrustd.store import Store, records


class Book:
    """One per daemon. `charges` are all that cost something and are not void; `turn` is for people's own entries, which
    go by what is entered already.
    """

    def __init__(self) -> None:
        self.turn = trio.Lock()
        self._paid: dict[str, Charge] = {}
        self._uses: dict[tuple[str, What], dict[str, Charge]] = {}

    def load(self, store: Store) -> None:
        """Take over what is stored, before any actor runs."""
        self._paid, self._uses = {}, {}
        self.note(records.all_charges(store))

    @property
    def charges(self) -> Mapping[str, Charge]:
        """By id; what `ledger.may_spend` and `ledger.forecast` want."""
        return self._paid

    def uses(self, platform: str, what: What) -> Collection[Charge]:
        """All charges of a kind at a platform, of all numbers, that went out or may: what its shared quotas are held
        against."""
        return self._uses.get((platform, what), {}).values()

    def uses_of_all(self) -> Sequence[Charge]:
        """Every charge that is not void, as it is now."""
        return [charge for uses in self._uses.values() for charge in uses.values()]

    def present(self, charge: Charge) -> Charge | None:
        """What has become of a charge; `None` where it is void by now."""
        return self._uses.get((charge.platform, charge.what), {}).get(charge.id)

    def note(self, charges: Iterable[Charge]) -> None:
        """Charges were entered or settled, or are about to be."""
        for charge in charges:
            if charge.fen and charge.standing is not Standing.VOID:
                self._paid[charge.id] = charge
            else:
                self._paid.pop(charge.id, None)
            uses = self._uses.setdefault((charge.platform, charge.what), {})
            if charge.standing is not Standing.VOID:
                uses[charge.id] = charge
            else:
                uses.pop(charge.id, None)
