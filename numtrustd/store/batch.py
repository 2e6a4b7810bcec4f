"""A set of writes that happen together or not at all.

Filled by whoever decides (an actor, with values already encoded), handed to `Store.commit` or
`Store.commit_soon`. Values are sealed here, so that the writer thread has nothing left to do in Python but
hand them over.
"""

from typing import Self

from numtrustd.store.tables import Table, check_key, seal

Ops = dict[tuple[Table, bytes], bytes | None]
"""(table, key) to the sealed value, or None to delete. The last write to a key wins."""


class Batch:
    """Puts and deletes, chainable: `Batch().put(...).delete(...)`. Empty is false."""

    __slots__ = ("ops",)

    def __init__(self) -> None:
        self.ops: Ops = {}

    def put(self, table: Table, key: bytes, payload: bytes) -> Self:
        """Store `payload` under a key of 1 to 511 bytes. ValueError for another key."""
        self.ops[table, check_key(key)] = seal(table, key, payload)
        return self

    def delete(self, table: Table, key: bytes) -> Self:
        """Remove a key; nothing happens when it is not there."""
        self.ops[table, check_key(key)] = None
        return self

    def extend(self, other: "Batch") -> Self:
        """Add another batch's writes after these."""
        self.ops.update(other.ops)
        return self

    def __len__(self) -> int:
        return len(self.ops)
