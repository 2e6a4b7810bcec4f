"""Host names as machines read them and as people misread them: one spelling of each, and whom a stranger resembles.

`channel_safety` beside this decides by the one spelling alone; a resemblance only says why a stranger is a danger.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address

import idna

_CONFUSABLE = str.maketrans(
    {
        **dict(zip("аеорсхуіјѕԁһԛԝвкмнтьгӏ", "aeopcxyijsdhqwbkmhtbrl", strict=True)),
        **dict(zip("αβεηικνορτυχω", "abenikvoptuxw", strict=True)),
        **dict(zip("ıɑɡʟℓ", "iagll", strict=True)),
        "0": "o",
        "1": "l",
        "i": "l",
        "5": "s",
        "|": "l",
    }
)
_KEPT = 1_024
"""Readings that are kept: the official hosts are held against every link."""

_SECOND_LEVEL = frozenset({"com", "net", "org", "gov", "edu", "co", "ac"})
_ALIKE = ("LATIN", "CYRILLIC", "GREEK")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")


@lru_cache(_KEPT)
def spelt(host: str) -> str | None:
    """The host in lower case and punycode, without a dot at its end; `None` for what is no host name at all."""
    try:
        name = idna.encode(host, uts46=True).decode("ascii").lower().removesuffix(".")
    except (idna.IDNAError, UnicodeError):
        return None
    return name or None


def is_address(host: str) -> bool:
    """Whether it is an IP address, also in one of the forms that browsers take for one: `0x7f.1`, `3232235777`."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return _NUMBER.fullmatch(host.rpartition(".")[2]) is not None
    return True


def below(host: str, official: Iterable[str]) -> bool:
    """Whether a host, spelt as above, is one of the official ones or lies below one."""
    return any(host == home or host.endswith(f".{home}") for home in filter(None, map(spelt, official)))


def mixed(host: str) -> str | None:
    """The label of a host that mixes alphabets whose letters look the same; `None` if none does."""
    for label in shown(host).split("."):
        scripts = {unicodedata.name(c, "?").partition(" ")[0] for c in label}
        if sum(script in scripts for script in _ALIKE) > 1:
            return label
    return None


def shown(host: str) -> str:
    """The host as a browser shows it: its punycode read."""
    try:
        return idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        return host


@lru_cache(_KEPT)
def skeleton(host: str) -> str:
    """What stays of a host when letters that look the same are the same."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", shown(host)) if not unicodedata.combining(c))
    return bare.casefold().translate(_CONFUSABLE).replace("rn", "m").replace("vv", "w")


def brand(host: str) -> str:
    """The label by which people know a host: `opene164` of `www.opene164.org.cn`."""
    labels = host.split(".")
    ending = 2 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else 1
    return labels[-ending - 1] if len(labels) > ending else host


def resembles(host: str, official: str) -> str | None:
    """How a host that is not official pretends to be this official one, in words that follow it; `None` if not."""
    home = spelt(official) or official
    if f".{home}." in f".{host}":
        return f"only begins like {home}: it belongs to {'.'.join(host.split('.')[-2:])}"
    bones, theirs = skeleton(host), skeleton(home)
    if bones == theirs or bones.endswith(f".{theirs}"):
        return f"is written with letters that look like those of {home}"
    if f"-{theirs.replace('.', '-')}-" in f"-{bones.replace('.', '-')}-":
        return f"is {home} written with other signs between its parts"
    name = skeleton(brand(home))
    words = [word for label in bones.split(".") for word in label.split("-")]
    if name in words:
        return f"bears the name of {home} and is not it"
    if len(name) >= 5 and any(_one_apart(name, word) for word in words):
        return f"is one letter away from the name of {home}"
    if len(name) >= 4 and any(name in word for word in words):
        return f"holds the name of {home} and is not it"
    return None


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter more, less, changed or two swapped make one word of the other."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    swapped = len(a) > 1 and a[:2] == b[1::-1] and a[2:] == b[2:]
    return swapped or a[1:] == b[1:] or a[1:] == b or a == b[1:]
