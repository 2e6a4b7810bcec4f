"""A whole configuration: what comes out when it is right, and everything at once when it is not."""

import pathlib
from collections.abc import Callable
from datetime import date

import pytest
from settings_files import MAIN, PACK, Files

from numtrustd.channels.spec import ManualChannel
from numtrustd.domain.label import Category
from numtrustd.domain.number import NumberKind
from numtrustd.settings import Loaded, load, render

DATA = pathlib.Path(__file__).parent.parent / "data" / "settings"


def golden(name: str) -> str:
    """What is to be printed, to the letter."""
    return (DATA / name).read_text(encoding="utf-8")


Good = Callable[..., Loaded]
Problems = Callable[..., str]


def test_an_almost_empty_configuration_loads(good: Good, base: Files, tmp_path: pathlib.Path) -> None:
    loaded = good(base)
    assert list(loaded.numbers) == ["+8613800138000"]
    assert loaded.sources == {}
    assert loaded.state_dir == pathlib.Path("/var/lib/numtrustd")
    assert loaded.status_socket == pathlib.Path("/run/numtrustd/status.sock")
    assert loaded.files == (tmp_path / "numtrustd.toml", tmp_path / "numbers.csv")
    assert render(loaded.warnings).replace(str(tmp_path), "") == (
        "/numtrustd.toml:1: platforms.enable: no source is switched on, so nothing will be looked at: "
        "there are no packs: write some\n"
    )


def test_directories_of_systemd(good: Good, base: Files) -> None:
    env = {"STATE_DIRECTORY": "/var/lib/private/n:/x", "RUNTIME_DIRECTORY": "/run/n"}
    loaded = good(base, env)
    assert loaded.state_dir == pathlib.Path("/var/lib/private/n")
    assert loaded.control_socket == pathlib.Path("/run/n/control.sock")


def test_a_pack(good: Good, acme: Files) -> None:
    loaded = good(acme)
    platform = loaded.platforms["acme"]
    assert (platform.cls, platform.importance, platform.feeds[0].lag) == (
        "security_vendor",
        0.7,
        (86_400.0, 259_200.0),
    )
    assert platform.words == {"推销": Category.MARKETING}
    assert platform.appeal is not None
    assert (platform.appeal.channel, platform.appeal.cooldown) == ("manual", 86_400.0)
    assert [a.evidence for a in platform.appeal.attempts] == [("licence",), ("licence", "recordings")]
    source = loaded.sources["acme.query"]
    assert (source.interval, source.limits.max_bytes, source.limits.deadline) == (2.0, 65_536, 20.0)
    assert source.kinds == (NumberKind.MOBILE, NumberKind.LANDLINE)
    assert isinstance(loaded.channels["acme"], ManualChannel)
    assert loaded.secrets == {"acme-key": "s3cret"}
    assert loaded.source_vars("acme.query")["host"] == "api.acme.example"
    assert "s3cret" not in repr(loaded)
    assert loaded.warnings == ()


def test_overrides(good: Good, acme: Files) -> None:
    acme["numtrustd.toml"] = """\
[platforms]
shipped = false
[platform.acme]
importance = 1
vars = { host = "other.acme.example", key_name = "k" }
appeal = { approval = "ask", review_days = 3, cooldown = "2d", max_attempts = 5 }
[source."acme.query"]
base_url = "http://127.0.0.1:8080/acme/"
interval = "5s"
cadence = "12h"
concurrency = 4
limits = { deadline = "3s" }
[http]
deadline = "9s"
max_bytes = "1 MiB"
[cadence]
interval = "4h"
[[group]]
name = "vip"
approval = "automatic"
"""
    acme["numbers.csv"] = "number,group\n13800138000,vip\n"
    loaded = good(acme, {"CREDENTIALS_DIRECTORY": str(pathlib.Path("secrets"))})
    source = loaded.sources["acme.query"]
    assert source.request.url == "http://127.0.0.1:8080/acme/v1/{national}"
    assert (source.interval, source.cadence, source.concurrency) == (5.0, 43_200.0, 4)
    assert (source.limits.deadline, source.limits.max_bytes) == (3.0, 65_536)
    facts = loaded.platforms["acme"].appeal
    assert facts is not None
    assert (facts.review_days, facts.cooldown) == (3, 172_800.0)
    assert loaded.platforms["acme"].importance == 1.0
    assert loaded.vars["acme"] == {"host": "other.acme.example", "key_name": "k"}
    assert loaded.settings.approval("acme", "vip") == "ask"
    assert loaded.settings.approval("other", "vip") == "automatic"
    assert loaded.settings.max_attempts("acme") == 5


def test_drop_ins_are_put_over_in_order(good: Good, base: Files) -> None:
    base["numtrustd.toml"] += '[verdict]\nconfirm = 3\nclear = 5\n[[group]]\nname = "a"\naccept = ["agent"]\n'
    base["numtrustd.toml.d/10-first.toml"] = '[verdict]\nconfirm = 4\n[[group]]\nname = "b"\n'
    base["numtrustd.toml.d/20-second.toml"] = '[verdict]\nconfirm = 6\n[[group]]\nname = "a"\ncadence = "1h"\n'
    base["numtrustd.toml.d/.hidden.toml"] = "not toml"
    loaded = good(base)
    assert (loaded.settings.verdict.confirm, loaded.settings.verdict.clear) == (6, 5)
    assert [group.name for group in loaded.settings.group] == ["a", "b"]
    assert loaded.group("a").accept == (Category.AGENT,)
    assert loaded.group("a").cadence == 3_600.0
    assert len(loaded.files) == 4


def test_problems_of_drop_ins_are_said_in_their_own_lines(problems: Problems, base: Files) -> None:
    base["numtrustd.toml.d/10.toml"] = "[verdict]\n\nconfirm = 0\n[[number]]\nnumber = 'x'\n"
    assert problems(base) == (
        "numtrustd.toml.d/10.toml:3: verdict.confirm: is less than one look: give at least 1\n"
        "numtrustd.toml.d/10.toml:5: number[0].number: 'x' has 'x' in it: write digits, such as 13800138000, "
        "021-51288888, 4008101234, 95588, +14155552671\n"
    )


def test_numbers_in_toml(good: Good, base: Files) -> None:
    base["numtrustd.toml"] += '[numbers]\nfiles = ["more.toml"]\n[[number]]\nnumber = "95588"\naccept = ["finance"]\n'
    base["more.toml"] = '[[number]]\nnumber = "10086"\nwatch = "farewell"\n'
    loaded = good(base)
    assert loaded.numbers["95588"].accept == {Category.FINANCE}
    assert loaded.numbers["10086"].watch == "farewell"


def test_evidence(good: Good, base: Files, tmp_path: pathlib.Path) -> None:
    base["numtrustd.toml"] += '[[evidence]]\nkind = "licence"\npath = "papers/l.pdf"\nexpires = 2028-12-31\n'
    base["papers/l.pdf"] = "abc"
    (paper,) = good(base).evidence
    assert (paper.kind, paper.path, paper.expires) == (
        "licence",
        str(tmp_path / "papers/l.pdf"),
        date(2028, 12, 31),
    )
    assert paper.digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_path_of_a_drop_in_is_shown_without_its_way_back(
    good: Good, problems: Problems, base: Files, tmp_path: pathlib.Path
) -> None:
    base["numtrustd.toml.d/papers.toml"] = '[[evidence]]\nkind = "licence"\npath = "../papers/l.pdf"\n'
    assert problems(base) == (
        "numtrustd.toml.d/papers.toml:3: evidence[0].path: cannot be read: papers/l.pdf: no such file or directory: "
        "name the file of the paper, readable by the daemon\n"
    )
    (paper,) = good(base | {"papers/l.pdf": "abc"}).evidence
    assert paper.path == str(tmp_path / "papers/l.pdf")
    base["numtrustd.toml.d/papers.toml"] = '[[evidence]]\nkind = "licence"\npath = "../a\\u0000b"\n'
    assert "evidence[0].path: " in problems(base), "what is no path at all is said, too"


def test_a_missing_file_is_said(tmp_path: pathlib.Path) -> None:
    result = load(tmp_path / "none.toml", {})
    assert not isinstance(result, Loaded)
    assert render(result) == (
        f"{tmp_path}/none.toml:1: -: no such file: {tmp_path}/none.toml: "
        "write one with `numtrustd init`, or name the right one with --config\n"
    )


def test_text_that_is_no_toml(problems: Problems, base: Files) -> None:
    assert problems(base | {"numtrustd.toml": "[daemon]\nx = \n"}) == (
        "numtrustd.toml:2: -: is not TOML: invalid value: correct the line, see https://toml.io\n"
    )
    assert problems(base | {"numtrustd.toml": "[daemon]\nx = '\udcff'\n"}) == (
        "numtrustd.toml:2: -: is not UTF-8 text: save the file as UTF-8\n"
    )
    assert problems(base | {"numtrustd.toml": "\ufeff" + MAIN}) == ""


def test_text_beyond_all_measure(problems: Problems, base: Files) -> None:
    said = "numtrustd.toml:1: -: is not usable: it nests too deep or holds too long a number: simplify it\n"
    for text in ("a = " + "[" * 3_000 + "]" * 3_000, "a = " + "1" * 6_000, "a." * 3_000 + "b = 1"):
        assert problems(base | {"numtrustd.toml": text}) == said
    huge = MAIN + "[cadence]\ninterval = 1" + "0" * 400 + '\njitter = "' + "9" * 400 + 'h"\n'
    assert "numtrustd.toml:4: cadence.interval: is the number 1000" in problems(base | {"numtrustd.toml": huge})


EVERYTHING_WRONG = """\
[daemon]
heartbeet = "5m"
map_size = "1 gigabyte"
[numbers]
files = ["numbers.csv", "lost.csv"]
[platforms]
shipped = false
dirs = ["platforms.d", "lost.d"]
enable = ["acme.qeury"]
disable = ["acme.query"]
[platform.acmee]
importance = 2
[platform.acme.vars]
hots = "x"
[source."acme.query"]
enabled = true
base_url = "http://intranet.example"
interval = 0
[cadence]
interval = "6 hours"
jitter = 1.5
[verdict]
confirm_window = "1m"
[appeal]
approval = "never"
max_attempts = 0
[[group]]
name = "a"
[[group]]
name = "a"
accept = "service"
[[evidence]]
kind = "license"
path = "lost.pdf"
[[evidence]]
path = "x"
expires = "soon"
[control]
status_mode = "rw-rw-rw-"
[log]
level = "verbose"
mask_numbers = "no"
[http]
ca_file = "lost.pem"
deadline = 0
[clock]
speed = 60
[compnay]
name = "Example"
"""


def test_everything_wrong_at_once(problems: Problems, acme: Files) -> None:
    acme["numtrustd.toml"] = EVERYTHING_WRONG
    acme["numbers.csv"] = "number,group\n138001380,a\n95588,b\n"
    assert problems(acme) == golden("everything_wrong.txt")


def test_secrets_that_are_not_there(problems: Problems, acme: Files) -> None:
    del acme["secrets/acme-key"]
    assert problems(acme) == (
        "numtrustd.toml:3: credentials.acme-key: acme.query needs this secret: secrets/acme-key: "
        "no such file or directory: put the secret, and nothing else, into that file\n"
    )
    for text, said in (
        ("", "is empty: put the secret into it"),
        ("a\nb\n", "holds more than one line of text: put the secret, and nothing else, into it"),
    ):
        assert problems(acme | {"secrets/acme-key": text}) == (
            f"numtrustd.toml:3: credentials.acme-key: secrets/acme-key {said}\n"
        )
    acme["numtrustd.toml"] = MAIN
    assert problems(acme) == (
        "numtrustd.toml:1: credentials.acme-key: acme.query needs this secret: credentials/acme-key: "
        "no such file or directory: put the secret, and nothing else, into that file\n"
    )
    assert problems(acme | {"credentials/acme-key": "s3cret"}) == "", "where the unit of the service looks, too"
    acme["numtrustd.toml"] += '[source."acme.query"]\nenabled = false\n'
    assert problems(acme) == ""  # not in use, not needed


MISTAKES = (
    ('class = "security_vendor"', 'class = "security"'),
    ('{ platform = "acme", lag = ["1d", "3d"] }', '{ platform = "acne", lag = ["3d", "1d"] }'),
    ('"marketing"', '"advertising"'),
    ('evidence = ["licence"]\n', 'evidence = ["license"]\n'),
    ("https://www.acme.example", "https://acme.example.evil.example"),
    ('interval = "2s"', 'interval = "2 sec"'),
    ("{national}\"\nheaders", "{nationl}\"\nheaders"),
    ('steps = [{ do = "json" }]', 'steps = [{ do = "jsn" }]'),
    ('path = "state"', 'path = "state["'),
    ('[[source.reading]]\nplatform = "acme"', '[[source.reading]]\nplatform = "acm"\nsurfaec = "x"'),
    ('then = { say = "clean" }', """then = { say = "clean" }

[[source.rule]]
name = "marked"
when = [{ status = [200] }, { view = "nope", matches = "(" }]
then = { say = "marked" }"""),
)  # fmt: skip


def test_everything_wrong_in_a_pack_at_once(problems: Problems, acme: Files) -> None:
    pack = PACK
    for old, new in MISTAKES:
        assert old in pack
        pack = pack.replace(old, new, 1)
    assert problems(acme | {"platforms.d/acme.toml": pack}) == golden("pack_wrong.txt")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a]\nx = 1\n[a]\n", "the table [a] begins a second time: keep one, or write each as [[a]] if it is a list"),
        ("x = 1\nx = 2\n", "a key stands there twice, or as a value and as a table: correct the line"),
        ("[a\nx = 1\n", "the heading of a table has no ] at its end: correct the line"),
        ("x 1\n", "a key has no = behind it: correct the line"),
    ],
)
def test_what_is_no_toml_is_said_in_words(tmp_path: pathlib.Path, text: str, said: str) -> None:
    file = tmp_path / "numtrustd.toml"
    file.write_text(text, encoding="utf-8")
    problems = load(file, {})
    assert isinstance(problems, list)
    assert f"is not TOML: {said}" in str(problems[0])
