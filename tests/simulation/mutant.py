"""What a planted bug is, and the list of them: `mutants` and `mutants_at_work` beside this plant them."""

import contextlib
from collections.abc import Callable, Iterator

from msgspec import Struct


class Mutant(Struct, frozen=True):
    """A planted bug: what it is, and how it is patched in."""

    about: str
    patch: Callable[[], contextlib.AbstractContextManager[object]]


MUTANTS: dict[str, Mutant] = {}


def mutant(patches: Callable[[], Iterator[None]]) -> None:
    assert patches.__doc__ is not None
    MUTANTS[patches.__name__] = Mutant(patches.__doc__, contextlib.contextmanager(patches))
