"""Ways out: who goes by which, what they come to, and what is wrong with them."""

import socket
from collections.abc import Callable

import pytest
from settings_files import PACK, Files

from numtrustd import build
from numtrustd.look import LookError, look_once
from numtrustd.settings import Loaded
from numtrustd.wire.route import DIRECT, Proxy, Route

Good = Callable[..., Loaded]
Problems = Callable[..., str]

ABSENT = "198.51.100.7"
"""Kept for documents (RFC 5737): no machine has it."""

TWO = PACK.replace(
    "[[source]]",
    '[[source]]\nid = "acme.other"\ntitle = "Another"\nkinds = ["400"]\n'
    'request = { url = "https://api.acme.example/{national}" }\nreading = [{ platform = "acme" }]\n'
    'rule = [{ name = "busy", when = [{ status = [503] }], then = { say = "unknown", reason = "maintenance" } }]\n\n'
    "[[source]]",
    1,
)
"""The pack with a second source."""

API = PACK.replace(
    '[appeal.manual]\naddress = "https://www.acme.example/appeal"\nfields = { number = "{national}" }\n',
    '[appeal.http.submit]\nviews = { json = { steps = [{ do = "json" }] } }\n'
    'request = { method = "POST", url = "https://api.acme.example/appeals", form = { ref = "{ref}" } }\n'
    '[[appeal.http.submit.rule]]\nname = "taken"\nwhen = [{ view = "json", path = "id", nonempty = true }]\n'
    'then = { say = "accepted", receipt = { view = "json", path = "id" } }\n',
)
"""The pack with an appeal API."""


@pytest.fixture
def ways(acme: Files) -> Callable[[str], Files]:
    """The configuration of the made-up platform with this added, and two more secrets."""

    def make(more: str, pack: str = PACK) -> Files:
        return acme | {
            "numtrustd.toml": acme["numtrustd.toml"] + more,
            "platforms.d/acme.toml": pack,
            "secrets/office-user": "num:trust",
            "secrets/office-proxy": "päss wörd",
        }

    return make


Ways = Callable[..., Files]


def test_without_a_word_everything_goes_out_directly(good: Good, acme: Files) -> None:
    loaded = good(acme)
    assert loaded.routes == {"direct": DIRECT}
    assert loaded.source_route("acme.query") is loaded.channel_route("acme") is DIRECT
    assert build.context(loaded, "").vias == {}


def test_each_goes_by_its_own_way_or_the_common_one(good: Good, ways: Ways) -> None:
    loaded = good(
        ways(
            """
[http]
via = "office"
[http.ways.office]
proxy = "http://Proxy.Example:3128/"
user = "numtrustd"
password = "{secret:office-proxy}"
[http.ways.branch]
source_address = "127.0.0.1"
[http.ways.both]
proxy = "socks5h://[::1]:1080"
source_address = "0:0::1"
[source."acme.other"]
enabled = false
via = "direct"
[platform.acme.appeal]
via = "branch"
""",
            TWO,
        )
    )
    office = Proxy("http", "proxy.example", 3128, "numtrustd", "päss wörd")
    assert loaded.source_route("acme.query") == Route(name="office", proxy=office)
    assert loaded.source_route("acme.other") == DIRECT
    assert loaded.channel_route("acme") == Route(name="branch", source_address="127.0.0.1")
    assert loaded.routes["both"] == Route(name="both", proxy=Proxy("socks5", "::1", 1080), source_address="::1")
    assert build.context(loaded, "").vias == {"acme.query": "office"}
    assert str(loaded.routes["office"]) == "proxy office (http://proxy.example:3128)"
    assert str(loaded.routes["both"]) == "proxy both (socks5://[::1]:1080)"
    assert str(loaded.routes["branch"]) == "source address 127.0.0.1 (branch)"
    assert "päss" not in repr(loaded) + str(loaded.routes)


def test_a_user_may_be_a_secret_too(good: Good, ways: Ways) -> None:
    way = """
[http.ways.office]
proxy = "socks5://10.0.0.1:1080"
user = "{secret:office-user}"
password = "{secret:office-proxy}"
"""
    loaded = good(ways(way))
    assert loaded.routes["office"].proxy == Proxy("socks5", "10.0.0.1", 1080, "num:trust", "päss wörd")
    assert set(loaded.secrets.values()) >= {"num:trust", "päss wörd"}  # which the log never shows
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("proxy.example:3128", '"proxy.example:3128" is no address of a proxy'),
        ("socks4://proxy.example:1080", '"socks4://proxy.example:1080" is no address of a proxy'),
        ("http://proxy.example:3128/pac", '"http://proxy.example:3128/pac" is no address of a proxy'),
        ("http://proxy.example:3128?x", '"http://proxy.example:3128?x" is no address of a proxy'),
        ("http://proxy.example:99999", '"http://proxy.example:99999" is no address of a proxy'),
        ("http://[::1:3128", '"http://[::1:3128" is no address of a proxy'),
        ("http://proxy.example", '"http://proxy.example" names no port'),
        ("http://proxy.example:0", '"http://proxy.example:0" names no port'),
        ("http://:3128", '"http://:3128" names no host'),
        ("http://pro xy:3128", '"http://pro xy:3128" names no host'),
        ("http://-proxy:3128", '"http://-proxy:3128" names no host'),
    ],
)
def test_addresses_that_are_none(problems: Problems, ways: Ways, proxy: str, said: str) -> None:
    assert problems(ways(f'[http.ways.office]\nproxy = "{proxy}"\n')) == (
        f"numtrustd.toml:8: http.ways.office.proxy: {said}: "
        'write it like "http://proxy.example:3128", "https://proxy.example:3129" or "socks5://…:1080"\n'
    )


@pytest.mark.parametrize("proxy", ["http://eve:hunter2@proxy.example:3128", "hunter2@[", "socks5://hunter2@x:1"])
def test_a_password_in_the_address_is_refused_and_not_repeated(problems: Problems, ways: Ways, proxy: str) -> None:
    assert problems(ways(f'[http.ways.office]\nproxy = "{proxy}"\n')) == (
        "numtrustd.toml:8: http.ways.office.proxy: holds a user or a password: "
        'give user = "…" and password = "{secret:NAME}", with the password in a file of [credentials]\n'
    )


def test_everything_wrong_with_ways_at_once(problems: Problems, ways: Ways) -> None:
    more = f"""\
[http]
via = "offce"
[http.ways.direct]
source_address = "127.0.0.1"
[http.ways.nowhere]
[http.ways.office]
proxy = "http://proxy.example:3128"
user = "numtrustd"
password = "hunter2"
[http.ways.half]
proxy = "http://proxy.example:3128"
user = "{{secret:office-user}} "
[http.ways.other-half]
proxy = "http://proxy.example:3128"
password = "{{secret:lost}}"
[http.ways.lone]
source_address = "127.0.0.1"
user = "numtrustd"
password = "{{secret:office-proxy}}"
[http.ways.name]
source_address = "branch.example"
[http.ways.anywhere]
source_address = "0.0.0.0"
[http.ways.zone]
source_address = "fe80::1%eth0"
[http.ways.mapped]
source_address = "::ffff:127.0.0.1"
[http.ways.absent]
source_address = "{ABSENT}"
[http.ways.crossed]
proxy = "http://[::1]:3128"
source_address = "127.0.0.1"
[source."acme.query"]
via = "branch"
[platform.acme.appeal]
via = ""
"""
    known = (
        'give one of "direct", "nowhere", "office", "half", "other-half", "lone", "name", "anywhere", "zone", '
        '"mapped", "absent", "crossed"'
    )
    login = 'give user = "…" and password = "{secret:NAME}", with the password in a file of [credentials]'
    said = problems(ways(more))
    assert "hunter2" not in said
    assert said.replace(known, "KNOWN").replace(login, "LOGIN") == (
        "numtrustd.toml:3: credentials.lost: the way other-half needs this secret: secrets/lost: no such file or "
        "directory: put the secret, and nothing else, into that file\n"
        'numtrustd.toml:8: http.via: there is no way "offce": KNOWN, or describe it in [http.ways.offce]\n'
        'numtrustd.toml:9: http.ways.direct: "direct" is the word for no way at all: give the way another name\n'
        "numtrustd.toml:11: http.ways.nowhere: leads nowhere: give it a proxy, a source_address or both\n"
        "numtrustd.toml:15: http.ways.office.password: is written out, or not a secret alone: LOGIN\n"
        "numtrustd.toml:18: http.ways.half.user: has no password: LOGIN\n"
        "numtrustd.toml:18: http.ways.half.user: is no plain text and no secret alone: "
        'write the user, or "{secret:NAME}"\n'
        "numtrustd.toml:21: http.ways.other-half.password: has no user: LOGIN\n"
        "numtrustd.toml:24: http.ways.lone.user: is for a proxy, and there is none: give the proxy, or leave it out\n"
        "numtrustd.toml:25: http.ways.lone.password: is for a proxy, and there is none: "
        "give the proxy, or leave it out\n"
        'numtrustd.toml:27: http.ways.name.source_address: "branch.example" is no IP address: '
        "give an address of this machine, such as 192.0.2.7\n"
        'numtrustd.toml:29: http.ways.anywhere.source_address: "0.0.0.0" is no address that a machine has: '
        "give one, such as 192.0.2.7\n"
        'numtrustd.toml:31: http.ways.zone.source_address: "fe80::1%eth0" is no IP address: '
        "give an address of this machine, such as 192.0.2.7\n"
        'numtrustd.toml:33: http.ways.mapped.source_address: "::ffff:127.0.0.1" is no address that a machine has: '
        "give one, such as 192.0.2.7\n"
        f"numtrustd.toml:35: http.ways.absent.source_address: this machine cannot send from {ABSENT}: "
        "cannot assign requested address: give an address that it has\n"
        "numtrustd.toml:38: http.ways.crossed.source_address: is IPv4, and the proxy's address is not: "
        "give two of the same kind\n"
        'numtrustd.toml:40: source."acme.query".via: there is no way "branch": KNOWN, or describe it in '
        "[http.ways.branch]\n"
        'numtrustd.toml:42: platform.acme.appeal.via: is "": give a text that is not empty\n'
    )


def test_logins_that_the_protocols_have_no_room_for(problems: Problems, ways: Ways) -> None:
    way = '[http.ways.office]\nproxy = "{}://proxy.example:1080"\nuser = "{{secret:office-user}}"\n'
    more = way + 'password = "{{secret:office-proxy}}"\n'
    files = ways(more.format("https"))
    assert problems(files) == (
        'numtrustd.toml:9: http.ways.office.user: has a ":" in it, which HTTP cannot tell from the start of the '
        "password: use another user\n"
    )
    files = ways(more.format("socks5")) | {"secrets/office-proxy": "ö" * 128}
    assert problems(files) == (
        "numtrustd.toml:10: http.ways.office.password: is longer than 255 bytes, the most that SOCKS5 can tell: "
        "use a shorter one\n"
    )


@pytest.mark.parametrize("scheme", ["http", "socks5", "https"])
@pytest.mark.parametrize("host", ["10.1.2.3", "proxy.example", "8.8.4.4"])
def test_a_password_that_crosses_the_open_net_is_warned_of(good: Good, ways: Ways, scheme: str, host: str) -> None:
    login = 'user = "u"\npassword = "{secret:office-proxy}"\n'
    loaded = good(ways(f'[http.ways.office]\nproxy = "{scheme}://{host}:1080"\n{login}'))
    warned = ["the password travels to 8.8.4.4 unencrypted"]
    assert [w.what for w in loaded.warnings] == (warned if host == "8.8.4.4" and scheme != "https" else [])
    assert good(ways(f'[http.ways.office]\nproxy = "{scheme}://{host}:1080"\n')).warnings == ()


OFFICE = '[http.ways.office]\nproxy = "http://proxy.example:3128"\n[http.ways.here]\nsource_address = "127.0.0.1"\n'


@pytest.mark.covers("N9")
def test_plain_http_to_this_machine_is_not_carried_off_to_a_proxy(problems: Problems, ways: Ways) -> None:
    here = '[source."acme.query"]\nbase_url = "http://127.0.0.1:8080"\n'
    what = 'acme.query asks this machine in plain http, and "office" would carry that off to a proxy'
    remedy = 'give source."acme.query".via = "direct", or an https address'
    said = f"{what}: {remedy}\n"
    default = OFFICE + '[http]\nvia = "office"\n'
    assert problems(ways(default + here)) == f"numtrustd.toml:12: http.via: {said}"
    assert problems(ways(OFFICE + here + 'via = "office"\n')) == (f'numtrustd.toml:13: source."acme.query".via: {said}')
    for fine in ("direct", "here"):
        assert problems(ways(default + here + f'via = "{fine}"\n')) == ""
    assert problems(ways(default + here + "enabled = false\n")) == ""


def test_plain_http_of_an_appeal_api_is_not_carried_off_either(problems: Problems, ways: Ways) -> None:
    more = OFFICE + '[platform.acme.appeal]\nvia = "office"\n'
    assert problems(ways(more, API)) == ""
    assert problems(ways(more + 'base_url = "http://127.0.0.1:8080"\n', API)) == (
        "numtrustd.toml:12: platform.acme.appeal.via: acme's appeal asks this machine in plain http, and "
        '"office" would carry that off to a proxy: give platform.acme.appeal.via = "direct", or an https address\n'
    )


def test_a_way_that_changed_changes_who_goes_by_it_and_nobody_else(good: Good, ways: Ways) -> None:
    login = 'user = "u"\npassword = "{secret:office-proxy}"\n'
    way = f'[http.ways.office]\nproxy = "http://proxy.example:3128"\n{login}'
    use = '[source."acme.query"]\nvia = "office"\n'

    def sources(files: Files) -> dict[str, build.Bound]:
        return build.bound_sources(good(files))

    before = sources(ways(way + use, TWO))
    assert sources(ways(use + way, TWO)) == before
    for files in (
        ways(way.replace("3128", "3129") + use, TWO),
        ways(way + use, TWO) | {"secrets/office-proxy": "rotated"},
        ways(way + use.replace("office", "direct"), TWO),
    ):
        assert build.difference(before, sources(files)).changed == ("acme.query",)


def test_a_look_says_by_which_way_and_who_failed(good: Good, ways: Ways) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and never listens
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        more = f'[http]\nvia = "office"\n[http.ways.office]\nproxy = "http://{address}"\n'
        login = 'user = "numtrustd"\npassword = "{secret:office-proxy}"\n'
        loaded = good(ways(more + login))
        said: list[str] = []
        with pytest.raises(LookError, match="no source could be asked"):
            look_once(
                "13800138000", loaded.path, {}, platform=None, source=None, verbose=True, record=None, echo=said.append
            )
    assert said[1] == f"via proxy office (http://{address})"
    port = address.partition(":")[2]
    assert (
        f"reason=unreachable (proxy office (http://{address}): 127.0.0.1 port {port}: Connection refused)" in said[-1]
    )
    assert "päss" not in "".join(said)


def test_what_is_made_of_a_login_is_kept_out_of_the_log_like_the_password(good: Good, ways: Ways) -> None:
    login = 'user = "numtrustd"\npassword = "{secret:office-proxy}"\n'
    loaded = good(ways(f'[http.ways.office]\nproxy = "http://proxy.example:3128"\n{login}'))
    assert {"päss wörd", "bnVtdHJ1c3RkOnDDpHNzIHfDtnJk"} <= set(build.private(loaded))
