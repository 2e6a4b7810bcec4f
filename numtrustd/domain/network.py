"""Whether it is our own network that is down: nobody at all can be reached, and no single platform is to blame.

One host that cannot be reached is that host's trouble; when every host that was asked lately cannot be, it is ours.
With one host alone nothing can be told. `actors.network` keeps this over all sources.
"""

from collections.abc import Mapping

from msgspec import Struct, structs

from numtrustd.domain.observation import Instant

WINDOW = 900.0
"""Seconds for which a host's last word counts."""

HOSTS = 2
"""Different hosts that must be out of reach, and nobody within it."""


class Word(Struct, frozen=True):
    """The last that is known of one host."""

    at: Instant
    reached: bool


class Network(Struct, frozen=True):
    """The hosts' last words, and since when nobody can be reached; `None` while somebody can."""

    words: Mapping[str, Word] = {}
    down_since: Instant | None = None

    @property
    def unreached(self) -> tuple[str, ...]:
        """The hosts whose last word was that they cannot be reached."""
        return tuple(sorted(host for host, word in self.words.items() if not word.reached))


def heard(network: Network, host: str, at: Instant, *, reached: bool) -> Network:
    """The network after one more attempt to reach `host`. Whoever is reached ends it at once."""
    words = {name: word for name, word in network.words.items() if abs(at - word.at) <= WINDOW} | {
        host: Word(at, reached)
    }
    if reached:
        return Network(words)
    down = len(words) >= HOSTS and not any(word.reached for word in words.values())
    if network.down_since is not None or not down:
        return structs.replace(network, words=words)
    return Network(words, at)
