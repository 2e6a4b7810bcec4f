"""Where lists go on, page after page, and how far they go before others get a turn."""

from numtrustd.store.tables import MAX_KEY

BREATH = 1_000
"""Things passed over in a list before others get a turn."""


def start_of(after: str | None) -> bytes | None:
    """Where to go on in a table."""
    return (after or "").encode()[:MAX_KEY] or None
