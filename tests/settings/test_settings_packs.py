"""Packs: layers, overrides, what is in use, and what may never leave the machine."""

from collections.abc import Callable

import pytest
from settings_files import MAIN, PACK, Files

from numtrustd.channels.spec import HttpChannel, ManualChannel
from numtrustd.settings import Loaded
from numtrustd.settings.checks import is_official
from numtrustd.settings.lint import locate
from numtrustd.wire.template import placeholders

Good = Callable[..., Loaded]
Problems = Callable[..., str]

HTTP = """\
[appeal.http]
settle = "2m"
[appeal.http.submit]
request = { url = "https://{var:host}/appeals", method = "POST", json = { number = "{e164}", ref = "{ref}" } }
[[appeal.http.submit.rule]]
name = "accepted"
when = [{ status = [202] }, { view = "json", path = "id", exists = true }]
then = { say = "accepted", receipt = { view = "json", path = "id" } }
[appeal.http.submit.views]
json = { steps = [{ do = "json" }] }
"""

SHIPPED = {"so360.onebox", "sogou.search", "contract_aggregator.query", "telnyx.reputation"}

NEIGHBOUR = """\
[platform]
id = "neighbour"
name = "Neighbour"
class = "carrier"
"""


def with_dirs(acme: Files, *names: str) -> Files:
    dirs = ", ".join(f'"{name}"' for name in names)
    main = acme["numtrustd.toml"].replace("shipped = false", f"shipped = false\ndirs = [{dirs}]")
    return acme | {"numtrustd.toml": main}


def test_a_later_layer_extends_and_overrides_by_id(good: Good, acme: Files) -> None:
    files = with_dirs(acme, "platforms.d", "mine") | {
        "mine/a.toml": """\
[platform]
id = "acme"
importance = 0.2
[vars]
key_name = "k"
[[source]]
id = "acme.query"
interval = "1m"
[[source.rule]]
name = "certified"
when = [{ view = "json", path = "state", equals = "ok" }]
then = { say = "certified" }
[[source]]
id = "acme.page"
title = "Acme page"
kinds = ["400"]
request = { url = "https://acme.example/{digits}" }
reading = [{ platform = "acme", surface = "page" }]
rule = [{ name = "clean", when = [{ status = [200] }, { matches = "clean" }], then = { say = "clean" } }]
""",
    }
    loaded = good(files)
    platform = loaded.platforms["acme"]
    assert (platform.importance, platform.name, platform.official_hosts) == (0.2, "Acme", ("acme.example",))
    assert loaded.vars["acme"] == {"host": "api.acme.example", "key_name": "k"}
    source = loaded.sources["acme.query"]
    assert (source.interval, source.title) == (60.0, "Acme query")
    assert [rule.name for rule in source.rules] == ["certified"]  # arrays are replaced, not mixed
    assert loaded.sources["acme.page"].readings[0].surface == "page"


def test_a_channel_of_the_other_kind_replaces_the_first(good: Good, acme: Files) -> None:
    assert isinstance(good(acme).channels["acme"], ManualChannel)
    files = with_dirs(acme, "platforms.d", "mine") | {"mine/a.toml": '[platform]\nid = "acme"\n' + HTTP}
    channel = good(files).channels["acme"]
    assert isinstance(channel, HttpChannel)
    assert channel.settle == 120.0
    assert good(files).platforms["acme"].appeal.channel == "http"  # type: ignore[union-attr]


def test_a_mistake_in_a_layer_is_said_in_its_own_file(problems: Problems, acme: Files) -> None:
    files = with_dirs(acme, "platforms.d", "mine") | {
        "mine/a.toml": '[platform]\nid = "acme"\nimportance = 3\n[[source]]\nid = "acme.query"\nintervall = 3\n'
    }
    assert problems(files) == (
        "mine/a.toml:3: platform.importance: is 3: give a share from 0 to 1\n"
        'mine/a.toml:6: source[0].intervall: unknown key: did you mean "interval"?\n'
    )


def test_two_definitions_of_one_id(problems: Problems, acme: Files) -> None:
    again = NEIGHBOUR.replace("neighbour", "acme")
    assert problems(acme | {"platforms.d/again.toml": again}) == (
        'platforms.d/again.toml:2: platform.id: a second pack of "acme", the first is platforms.d/acme.toml: '
        "keep one of the two files\n"
    )


def test_two_sources_of_one_id(problems: Problems, acme: Files) -> None:
    twice = PACK + PACK[PACK.index("[[source]]") :]
    line = twice[: twice.rindex("[[source]]")].count("\n") + 2
    assert problems(acme | {"platforms.d/acme.toml": twice}) == (
        f'platforms.d/acme.toml:{line}: source[1].id: "acme.query" is already at platforms.d/acme.toml:29: '
        "give the source an id of its own\n"
    )


def test_a_switched_off_platform_takes_its_sources_and_readings_along(good: Good, acme: Files) -> None:
    pack = PACK.replace(
        '[[source.reading]]\nplatform = "acme"\n',
        '[[source.reading]]\nplatform = "acme"\n[[source.reading]]\nplatform = "neighbour"\n',
    )
    files = acme | {"platforms.d/acme.toml": pack, "platforms.d/neighbour.toml": NEIGHBOUR}
    assert [r.platform for r in good(files).sources["acme.query"].readings] == ["acme", "neighbour"]
    main = acme["numtrustd.toml"]
    loaded = good(files | {"numtrustd.toml": main + "[platform.neighbour]\nenabled = false\n"})
    assert [r.platform for r in loaded.sources["acme.query"].readings] == ["acme"]
    assert set(loaded.platforms) == {"acme"}
    loaded = good(files | {"numtrustd.toml": main + "[platform.acme]\nenabled = false\n"})
    assert loaded.sources == {}
    assert set(loaded.platforms) == {"neighbour"}


@pytest.mark.parametrize(
    ("settings", "enabled"),
    [
        ("", False),
        ('enable = ["acme.query"]', True),
        ('enable = ["acme.query"]\n[source."acme.query"]\nenabled = false', False),
        ('[source."acme.query"]\nenabled = true', True),
    ],
)
def test_enabling(good: Good, acme: Files, settings: str, enabled: bool) -> None:
    pack = PACK.replace('title = "Acme query"', 'title = "Acme query"\nenabled = false\nwhy_off = "terms"')
    main = MAIN + settings + '\n[company]\nname = "E"\n[credentials]\ndir = "secrets"\n'
    loaded = good(acme | {"platforms.d/acme.toml": pack, "numtrustd.toml": main})
    assert ("acme.query" in loaded.sources) is enabled
    assert ("acme.query" in loaded.idle) is not enabled
    assert (loaded.warnings == ()) is enabled


def test_an_empty_variable_is_asked_for_only_when_it_is_used(problems: Problems, acme: Files) -> None:
    pack = PACK.replace('host = "api.acme.example"', 'host = ""')
    assert problems(acme | {"platforms.d/acme.toml": pack}) == (
        'numtrustd.toml:1: platform.acme.vars.host: acme.query needs it: [platform.acme.vars] host = "…"\n'
    )
    off = acme["numtrustd.toml"] + '[source."acme.query"]\nenabled = false\n'
    assert problems(acme | {"platforms.d/acme.toml": pack, "numtrustd.toml": off}) == ""
    http = PACK[: PACK.index("[appeal.manual]")] + HTTP.replace("{var:host}", "{var:key_name}.example")
    http += PACK[PACK.index("[[source]]") :]
    assert problems(acme | {"platforms.d/acme.toml": http}) == (
        'numtrustd.toml:1: platform.acme.vars.key_name: acme\'s appeal needs it: [platform.acme.vars] key_name = "…"\n'
    )


def test_numbers_never_leave_over_plain_http(problems: Problems, acme: Files) -> None:
    main = acme["numtrustd.toml"]
    plain = "plain http to proxy.example: only loopback addresses may do without TLS"
    where = 'numtrustd.toml:9: source."acme.query".base_url'
    remedy = "write it like https://host[:port][/path]; plain http only to 127.0.0.1 or ::1"
    for url, said in (
        ("http://proxy.example", f"{where}: {plain}: {remedy}\n"),
        ("http://127.0.0.1:8080", ""),
        ("http://[::1]:8080/x", ""),
        ("https://proxy.example/x/", ""),
    ):
        text = main + f'# proxy\n[source."acme.query"]\nbase_url = "{url}"\n'
        assert problems(acme | {"numtrustd.toml": text}) == said
    pack = PACK.replace("https://{var:host}", "http://{var:host}")
    assert "plain http to api.acme.example" in problems(acme | {"platforms.d/acme.toml": pack})


def test_the_base_url_of_a_channel(good: Good, acme: Files) -> None:
    pack = PACK[: PACK.index("[appeal.manual]")] + HTTP + PACK[PACK.index("[[source]]") :]
    main = acme["numtrustd.toml"] + '[platform.acme.appeal]\nbase_url = "http://127.0.0.1:9/a"\nsettle = "1s"\n'
    channel = good(acme | {"platforms.d/acme.toml": pack, "numtrustd.toml": main}).channels["acme"]
    assert isinstance(channel, HttpChannel)
    assert channel.submit.request.url == "http://127.0.0.1:9/a/appeals"
    assert channel.settle == 1.0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "[appeal.manual]",
            '[appeal.http]\nsettle = "1m"\n[appeal.manual]',
            "24: appeal.http.submit: missing: give a table with request, rule",
        ),
        (
            "[appeal]\n",
            '[appeal]\nchannel = "http"\n',
            '17: appeal.channel: is "http", but there is [appeal.manual]: one of "http", "manual", "none"',
        ),
        (
            "[appeal]\n",
            '[appeal]\ncountry = "XX"\n',
            '17: appeal.country: the working days of "XX" are not known: one of',
        ),
        (
            'official_hosts = ["acme.example"]\n',
            "",
            "24: appeal.manual.address: the platform has no official_hosts: list the hosts",
        ),
        (
            'id = "acme.query"',
            'id = "query"',
            '29: source[0].id: "query" does not begin with its platform: name it "acme.…"',
        ),
        ('id = "acme"\n', 'id = "ac/me"\n', "2: platform.id: missing or no identifier: give the platform"),
        (
            "Bearer {secret:acme-key}",
            "{var:nothing}",
            "38: source[0].request.headers.Authorization: uses {var:nothing}, which [vars] does not name: "
            "known here: host",
        ),
    ],
)
def test_mistakes(problems: Problems, acme: Files, old: str, new: str, said: str) -> None:
    assert f"platforms.d/acme.toml:{said}" in problems(acme | {"platforms.d/acme.toml": PACK.replace(old, new, 1)})


@pytest.mark.parametrize(
    ("address", "official"),
    [
        ("https://acme.example/x", True),
        ("https://www.ACME.example", True),
        ("http://acme.example/x", False),
        ("https://acme.example.evil.example", False),
        ("https://evilacme.example", False),
        ("https://evil.example/@acme.example", False),
        ("https://acme.example@evil.example/", False),
        ("mailto:help@acme.example", True),
        ("help@mail.acme.example", True),
        ("help@acme.example.evil", False),
    ],
)
def test_official_hosts(address: str, official: bool) -> None:
    assert is_official(address, ["acme.example"]) is official


def test_findings_are_located_by_the_names_of_rules() -> None:
    data = {"source": [{"rule": [{"name": "a"}, {"name": "a.b", "when": [{"css": "x"}]}], "views": {"v.w": {}}}]}
    at = ("source", 0)
    assert locate(data, at, "rule.a.b.when[0].css") == ("source", 0, "rule", 1, "when", 0, "css")
    assert locate(data, at, "rule.a.when") == ("source", 0, "rule", 0)
    assert locate(data, at, "views.v.w.steps") == ("source", 0, "views", "v.w")
    assert locate(data, at, "rule.none") == ("source", 0, "rule")
    assert locate(data, at, "echo[3]") == at


def test_the_shipped_packs_are_right_and_off_until_allowed(good: Good, base: Files) -> None:
    base["numtrustd.toml"] = ""
    loaded = good(base)
    assert loaded.sources == {}
    assert {
        "so360",
        "sogou",
        "contract_aggregator",
        "telnyx",
        "tencent",
        "baidu",
        "dianhuabang",
        "teddy",
    } <= set(loaded.platforms)
    assert {"so360.onebox", "sogou.search", "contract_aggregator.query", "telnyx.reputation"} <= set(loaded.idle)
    assert all(source.why_off for source in loaded.idle.values())
    base["numtrustd.toml"] = """\
[platforms]
enable = ["so360.onebox", "sogou.search", "contract_aggregator.query", "telnyx.reputation"]
[platform.contract_aggregator.vars]
host = "marks.vendor.example"
[platform.telnyx.vars]
enterprise_id = "e1"
contact_email = "a@b.example"
[company]
name = "Example Ltd."
licence_number = "91310000X"
contact_name = "Li"
contact_phone = "021-51288801"
contact_email = "a@b.example"
[credentials]
dir = "secrets"
"""
    requests = [request for source in loaded.idle.values() for _, request in source.requests]
    names = {name for request in requests for name in placeholders(request)}
    for secret in {"telnyx-api-key", *(name[7:] for name in names if name.startswith("secret:"))}:
        base[f"secrets/{secret}"] = "s3cret"
    loaded = good(base)
    assert set(loaded.sources) == {
        "so360.onebox",
        "sogou.search",
        "contract_aggregator.query",
        "telnyx.reputation",
    }
    assert loaded.warnings == ()
