"""The words in which a table speaks of what its requests ask for."""

from msgspec import Struct


class Words(Struct, frozen=True):
    """How a table speaks of what is asked for; the texts of `explain`."""

    thing: str
    first: str
    spread: str
    looks: str
    so: str
    reached: str
