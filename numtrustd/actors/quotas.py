"""How much is left of every quota, gathered from the ledger and the sources' own counts; `domain.quota_use` tells it.

A month's ledger may be long: others get a turn while it is read.
"""

import trio

from numtrustd.actors.house import House
from numtrustd.domain import quota_use
from numtrustd.domain.ledger import Charge
from numtrustd.domain.quota_use import Use
from numtrustd.store import records

BREATH = 1_000
"""Charges that are gone through before others get a turn."""


async def tight(house: House) -> tuple[str, ...]:
    """What is used up of the quotas, and what nearly is; one sentence each."""
    context, now = house.context, house.clock.now()
    uses: list[Use] = []
    if quotas := quota_use.counted(context.platforms):
        found: list[Charge] = []
        for n, charge in enumerate(records.all_charges(house.store), 1):
            if n % BREATH == 0:
                await trio.lowlevel.checkpoint()
            if (charge.platform, charge.what) in quotas:
                found.append(charge)
        uses += quota_use.of_charges(context.platforms, found, now)
    for source in context.sources.values():
        if source.budget.bounded:
            spent = records.get_source(house.store, source.id).spent
            platforms = dict.fromkeys(reading.platform for reading in source.readings)
            uses += quota_use.of_looks(platforms, source.id, source.budget, spent, now)
    return quota_use.told(uses)
