"""What `check` must find although nothing uses it yet, and that it says each fault once, where it stands."""

import datetime
import os
import pathlib
import re
from collections.abc import Callable

import pytest
from settings_files import CSV, MAIN, PACK, Files

from numtrustd.actors.packets import fill
from numtrustd.channels.spec import FIELD_NAMES
from numtrustd.settings import Loaded, Problem, load
from numtrustd.settings.problem import Report

Good = Callable[..., Loaded]
Problems = Callable[..., str]

API = """\
[appeal.http.submit]
request = { url = "https://{var:host}/appeals", method = "POST", json = { number = "{e164}", ref = "{ref}" } }
[[appeal.http.submit.rule]]
name = "accepted"
when = [{ view = "json", path = "id", exists = true }]
then = { say = "accepted", receipt = { view = "json", path = "id" } }
[appeal.http.submit.views]
json = { steps = [{ do = "json" }] }
[appeal.http.query]
request = { url = "https://{var:host}/appeals/{receipt}" }
[[appeal.http.query.rule]]
name = "done"
when = [{ view = "json", path = "state", equals = "done" }]
then = { say = "approved" }
[appeal.http.query.views]
json = { steps = [{ do = "json" }] }
[appeal.http.look_up]
request = { url = "https://{var:host}/appeals?ref={ref}" }
[[appeal.http.look_up.rule]]
name = "found"
when = [{ view = "json", path = "data[?ref=='{ref}'] | [0].id", nonempty = true }]
then = { say = "accepted", receipt = { view = "json", path = "data[?ref=='{ref}'] | [0].id" } }
[appeal.http.look_up.views]
json = { steps = [{ do = "json" }] }
"""
WITH_API = PACK[: PACK.index("[appeal.manual]")] + API + PACK[PACK.index("[[source]]") :]


def changed(acme: Files, old: str, new: str, pack: str = PACK) -> Files:
    assert pack.count(old) >= 1
    return acme | {"platforms.d/acme.toml": pack.replace(old, new, 1)}


def places(said: str) -> list[tuple[str, int, str]]:
    """(file, line, key) of each problem."""
    found = [line.split(": ", 2) for line in said.splitlines()]
    return [(place.rpartition(":")[0], int(place.rpartition(":")[2]), key) for place, key, _ in found]


# -------------------------------------------------------------------------------------------------- base_url

WRONG_URLS = [
    ("ftp://proxy.example", "scheme 'ftp' is not https"),
    ("http://proxy.example", "plain http to proxy.example"),
    ("https://", "'' is not host or host:port"),
    ("proxy.example", "base_url 'proxy.example' is not scheme://host[:port][/path]"),
    ("https://proxy.example:99999", "'proxy.example:99999' is not host or host:port"),
    ("https://proxy.example/x?y=1", "is not scheme://host[:port][/path]"),
    ("https://proxy.example/x y", "has characters that must be percent-encoded"),
    ("https://{var:host}", "holds a placeholder"),
    ("https://[", "'[' is not host or host:port"),
]


@pytest.mark.parametrize(("url", "what"), WRONG_URLS)
def test_a_wrong_base_url_is_found_before_its_source_is_switched_on(
    problems: Problems, acme: Files, url: str, what: str
) -> None:
    for off in (
        '[source."acme.query"]\nenabled = false\n',
        '[platform.acme]\nenabled = false\n[source."acme.query"]\n',
    ):
        main = acme["numtrustd.toml"] + off
        said = problems(acme | {"numtrustd.toml": f'{main}base_url = "{url}"\n'})
        assert places(said) == [("numtrustd.toml", main.count("\n") + 1, 'source."acme.query".base_url')], said
        assert what in said


@pytest.mark.parametrize(("url", "what"), WRONG_URLS)
def test_a_wrong_base_url_of_an_appeal_is_found_while_nothing_looks(
    problems: Problems, acme: Files, url: str, what: str
) -> None:
    main = acme["numtrustd.toml"] + '[source."acme.query"]\nenabled = false\n[platform.acme.appeal]\n'
    files = acme | {"platforms.d/acme.toml": WITH_API, "numtrustd.toml": f'{main}base_url = "{url}"\n'}
    said = problems(files)
    assert places(said) == [("numtrustd.toml", main.count("\n") + 1, "platform.acme.appeal.base_url")], said
    assert what in said


def test_a_login_in_a_base_url_is_not_repeated(problems: Problems, acme: Files) -> None:
    main = acme["numtrustd.toml"] + '[source."acme.query"]\nbase_url = "https://me:hunter2@proxy.example"\n'
    said = problems(acme | {"numtrustd.toml": main})
    assert "holds a user or a password" in said
    assert "hunter2" not in said


def test_a_fault_of_the_template_is_none_of_the_base_url(problems: Problems, acme: Files) -> None:
    files = changed(acme, "/v1/{national}", "/v1/{e165}")
    files["numtrustd.toml"] += '[source."acme.query"]\nbase_url = "https://proxy.example"\n'
    said = problems(files)
    assert places(said) == [("platforms.d/acme.toml", 37, "source[0].request.url")], said
    assert "unknown placeholder {e165}: there are area, dashed, digits, e164, " in said


@pytest.mark.parametrize("on", [True, False])
def test_a_variable_that_is_no_host_is_said_where_it_is_given(problems: Problems, acme: Files, *, on: bool) -> None:
    off = "" if on else '[source."acme.query"]\nenabled = false\n'
    main = acme["numtrustd.toml"] + off + '[platform.acme.vars]\nkey_name = "k"\nhost = "no host"\n'
    said = problems(acme | {"numtrustd.toml": main, "platforms.d/acme.toml": WITH_API})  # four requests use it
    assert places(said) == [("numtrustd.toml", main.count("\n"), "platform.acme.vars.host")], said
    said = problems(
        changed(acme, '"api.acme.example"', '"api acme"') | {"numtrustd.toml": acme["numtrustd.toml"] + off}
    )
    assert places(said) == [("platforms.d/acme.toml", 13, "vars.host")], said


# ---------------------------------------------------------------------------------------------- where a variable

OTHER = '[platform]\nid = "other"\nname = "Other"\nclass = "carrier"\n[vars]\nhost = "h"\n'


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        # Not at the first [platform.*] that happens to be there, which is another platform's.
        ('[platform.other.vars]\nhost = "x"\n', 0),
        ('platform.other.vars.host = "x"\n', 0),
        ('platform = { other = { vars = { host = "x" } } }\n', 0),
        ('[platform]\nother = { vars = { host = "x" } }\n', 0),
        ('[platform.other]\nimportance = 0.5\n[platform.acme.vars]\nkey_name = "k"\n[platform.z]\n', 3),
        ("[platform.other]\n[platform.acme]\nimportance = 0.5\n", 2),
        ('[platform]\nother.vars.host = "x"\nacme.vars.key_name = "k"\n', 3),
        ('platform = { other = { vars = { host = "x" } }, acme = { vars = { key_name = "k" } } }\n', 1),
        ('[platform.other]\n[source."acme.query"]\ncadence = "1h"\nenabled = true\n', 4),
        ('[platform.other]\n[source]\n"acme.query" = { cadence = "1h", enabled = true }\n', 3),
    ],
)
def test_a_missing_variable_is_said_at_its_own_platform_or_where_it_came_to_be_needed(
    problems: Problems, acme: Files, settings: str, line: int
) -> None:
    dotted = settings.startswith("platform")  # before all tables, or it would be inside of one
    main = settings + acme["numtrustd.toml"] if dotted else acme["numtrustd.toml"] + settings
    files = changed(acme, 'host = "api.acme.example"', 'host = ""')
    files |= {"platforms.d/other.toml": OTHER, "numtrustd.toml": main.replace("[platform.z]\n", "")}
    head = 0 if dotted else acme["numtrustd.toml"].count("\n")
    expected = ("numtrustd.toml", head + line if line else 1, "platform.acme.vars.host")
    assert places(problems(files)) == [expected]


def test_a_missing_variable_is_said_where_the_source_is_switched_on(problems: Problems, acme: Files) -> None:
    files = changed(acme, 'host = "api.acme.example"', 'host = ""') | {"platforms.d/other.toml": OTHER}
    files["numtrustd.toml"] += '[platform.other.vars]\nhost = "x"\n'
    files["numtrustd.toml.d/on.toml"] = '[platforms]\nenable = [\n  "acme.query",\n]\n'
    assert places(problems(files)) == [("numtrustd.toml.d/on.toml", 3, "platform.acme.vars.host")]


def test_one_missing_variable_of_many_requests_is_said_once(problems: Problems, acme: Files) -> None:
    files = changed(acme, 'host = "api.acme.example"', 'host = ""', WITH_API)
    assert problems(files) == (
        "numtrustd.toml:1: platform.acme.vars.host: acme's appeal and acme.query need it: "
        '[platform.acme.vars] host = "…"\n'
    )


# --------------------------------------------------------------------------------------------- a person's form


def test_unknown_placeholders_of_a_form(problems: Problems, acme: Files) -> None:
    files = changed(
        acme, 'fields = { number = "{national}" }', 'fields = { a = "{natoinal}", b = "{var:host} {dashed}" }'
    )
    known = ", ".join(sorted(FIELD_NAMES))
    assert problems(files) == (
        f"platforms.d/acme.toml:26: appeal.manual.fields.a: unknown placeholder {{natoinal}}: there are {known}\n"
        f"platforms.d/acme.toml:26: appeal.manual.fields.b: unknown placeholder {{var:host}}: there are {known}\n"
    )


def test_every_known_placeholder_of_a_form_is_filled_in(good: Good, acme: Files) -> None:
    text = " ".join(f"{{{name}}}" for name in sorted(FIELD_NAMES))
    good(changed(acme, "{national}", text))
    assert {
        "letter",
        "words",
        "company",
        "licence_number",
        "contact_phone",
        "ref",
        "purpose",
        "national",
    } <= FIELD_NAMES
    assert fill(text, dict.fromkeys(FIELD_NAMES, "x")) == " ".join("x" for _ in FIELD_NAMES)


def test_a_placeholder_where_nothing_is_filled_in(problems: Problems, acme: Files) -> None:
    files = changed(
        acme, "fields = {", 'bring_back = "the receipt of {dashed}"\nsteps = ["enter {national}", " "]\nfields = {'
    )
    assert places(problems(files)) == [
        ("platforms.d/acme.toml", 26, "appeal.manual.bring_back"),
        ("platforms.d/acme.toml", 27, "appeal.manual.steps[0]"),
        ("platforms.d/acme.toml", 27, "appeal.manual.steps[1]"),
    ]


# ------------------------------------------------------------------------------------------- an appeal's calls


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "what"),
    [
        (
            'ref = "{ref}" } }',
            'ref = "{ref}", r = "{receipt}" } }',
            25,
            "submit.request.json.r",
            "unknown placeholder {receipt}",
        ),
        ("/appeals/{receipt}", "/appeals/{letter}", 33, "query.request.url", "unknown placeholder {letter}"),
        ("/appeals?ref={ref}", "/appeals?r={receipt}", 41, "look_up.request.url", "unknown placeholder {receipt}"),
        ('equals = "done"', 'equals = "{receit}"', 36, "query.rule.done.when[0].equals", "{receit} has no value here"),
        (
            'equals = "done"',
            'one_of = ["{receipt}"]',
            36,
            "query.rule.done.when[0].one_of[0]",
            "{receipt} has no value here",
        ),
        (
            "ref=='{ref}'] | [0].id\", non",
            "ref=='{receipt}'] | [0].id\", non",
            44,
            "look_up.rule.found.when[0].path",
            "{receipt} has no value",
        ),
    ],
)
def test_placeholders_without_a_value(
    problems: Problems, acme: Files, old: str, new: str, line: int, key: str, what: str
) -> None:
    said = problems(changed(acme, old, new, WITH_API))
    assert ("platforms.d/acme.toml", line, f"appeal.http.{key}") in places(said), said
    assert what in said


def test_a_call_without_rules(problems: Problems, acme: Files) -> None:
    start, end = API.index("[[appeal.http.query.rule]]"), API.index("[appeal.http.query.views]")
    text = API[:start].replace("{receipt}", "{receipt}") + "[appeal.http.query.views]" + API[end + 25 :]
    text = text.replace("[appeal.http.query]\n", "[appeal.http.query]\nrule = []\n")
    said = problems(changed(acme, API, text, WITH_API))
    assert "appeal.http.query.rule: there is none, so nobody ever knows what the platform said" in said


@pytest.mark.parametrize("test", ['contains = [" "]', 'matches = "."', 'matches = " "', 'matches = "\\\\S"'])
def test_a_guard_that_finds_something_on_every_page(problems: Problems, acme: Files, test: str) -> None:
    guard = f'[[source.guard]]\nname = "g"\nwhen = [{{ {test} }}]\nthen = {{ say = "unknown", reason = "blocked" }}\n'
    said = problems(changed(acme, "[[source.rule]]\n", f"{guard}[[source.rule]]\n"))
    key = test.partition(" ")[0]
    assert places(said) == [("platforms.d/acme.toml", 48, f"source[0].guard.g.when[0].{key}")], said


def test_conditions_of_a_look_have_no_placeholders(problems: Problems, acme: Files) -> None:
    said = problems(changed(acme, 'equals = "clean"', 'equals = "{national}"'))
    assert places(said) == [("platforms.d/acme.toml", 48, "source[0].rule.clean.when[0].equals")], said


# --------------------------------------------------------------------------------------------- grade and date


def at(year: int, month: int, day: int) -> float:
    return datetime.datetime(year, month, day, 12, tzinfo=datetime.UTC).timestamp()


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("grade", "Z", 'is "Z": one of "A", "B", "C", "D"'),
        ("grade", "a", 'is "a": one of "A", "B", "C", "D"'),
        ("grade", "", 'is "": one of "A", "B", "C", "D"'),
        ("checked", "2031-13-45", '"2031-13-45" is no date'),
        ("checked", "2026-02-30", '"2026-02-30" is no date'),
        ("checked", "November", '"November" is no date'),
        ("checked", "0026-11", '"0026-11" is no date'),
        ("checked", "2027-01", '"2027-01" lies in the future'),
        ("checked", "2026-11-24", '"2026-11-24" lies in the future'),
    ],
)
def test_grade_and_date_of_what_is_known(
    tree: Callable[[Files], pathlib.Path], acme: Files, key: str, value: str, what: str
) -> None:
    for old, path, line in (('name = "Acme"', "platform", 4), ('title = "Acme query"', "source[0]", 31)):
        files = changed(acme, f"{old}\n", f'{old}\n{key} = "{value}"\n')
        result = load(tree(files), {}, now=at(2026, 11, 22))
        assert isinstance(result, list)
        (problem,) = result
        assert (problem.line, problem.key) == (line, f"{path}.{key}")
        assert what in str(problem)
        assert problem.remedy


@pytest.mark.parametrize("checked", ["", "2026-11", "2026-08-31", "2026-11-23"])
def test_dates_that_are_right(tree: Callable[[Files], pathlib.Path], acme: Files, checked: str) -> None:
    files = changed(acme, 'name = "Acme"\n', f'name = "Acme"\nchecked = "{checked}"\n')
    assert isinstance(load(tree(files), {}, now=at(2026, 11, 22)), Loaded)


def test_a_machine_without_the_time_still_starts(tree: Callable[[Files], pathlib.Path], acme: Files) -> None:
    files = changed(acme, 'name = "Acme"\n', 'name = "Acme"\nchecked = "2027-01"\n')
    assert isinstance(load(tree(files), {}, now=0.0), Loaded)


# ------------------------------------------------------------------------------------------- once, in one line


VIEWS = '[source.views]\njson = { steps = [{ do = "json" }] }\n'
ECHO = 'echo = [{ view = "json", path = "number" }]\n'


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ([('official_hosts = ["acme.example"]', "official_hosts = 1")], "platform.official_hosts"),
        ([('hosts = ["acme.example"]', 'hosts = ["https://acme.example"]')], "platform.official_hosts[0]"),
        ([("[appeal]\n", "[appeal]\nchannel = 1\n")], "appeal.channel"),
        ([('json = { steps = [{ do = "json" }] }', "json = 1")], "source[0].views.json"),
        ([(VIEWS, ""), ("title =", "views = 1\ntitle =")], "source[0].views"),
        ([('url = "https://{var:host}/v1/{national}"', "url = 1")], "source[0].request.url"),
        ([(ECHO, ""), (VIEWS, f"{VIEWS}[[source.echo]]\nview = 1\npath = 'n'\n")], "source[0].echo[0].view"),
        ([('[vars]\nhost = "api.acme.example"\nkey_name = ""\n', ""), ("[platform]", "vars = 1\n[platform]")], "vars"),
    ],
)
def test_what_only_follows_from_a_fault_is_not_said(
    problems: Problems, acme: Files, changes: list[tuple[str, str]], key: str
) -> None:
    pack = PACK
    for old, new in changes:
        assert old in pack
        pack = pack.replace(old, new, 1)
    said = problems(acme | {"platforms.d/acme.toml": pack})
    line = next(i for i, text in enumerate(pack.splitlines(), 1) if re.search(r' = (1|\["https:.*)$', text))
    assert places(said) == [("platforms.d/acme.toml", line, key)], said


def test_a_problem_is_one_line_that_steers_no_terminal(problems: Problems, acme: Files) -> None:
    for text in ("\\u001b[2J", "a\\nb\\u0007", "\\u202e", "x" * 100_000):
        said = problems(acme | {"numtrustd.toml": f'{acme["numtrustd.toml"]}[log]\nlevel = "{text}"\n"{text}" = 1\n'})
        assert said.count("\n") == 2
        assert said.replace("\n", "").isprintable()
        assert len(said) < 3_000


def test_texts_hold_no_control_characters(problems: Problems, acme: Files) -> None:
    files = changed(acme, 'name = "Acme"', 'name = "Ac\\u0000me"')
    files["numtrustd.toml"] += '[daemon]\nstate_dir = "a\\u0000b"\n'
    assert places(problems(files)) == [
        ("numtrustd.toml", 8, "daemon.state_dir"),
        ("platforms.d/acme.toml", 3, "platform.name"),
    ]


# ------------------------------------------------------------------------------------- what the daemon could not use


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('limits = { max_bytes = "64 KiB" }', "limits = { deadline = 0 }", "source[0].limits.deadline"),
        ('limits = { max_bytes = "64 KiB" }', "limits = { max_chunks = 0 }", "source[0].limits.max_chunks"),
        ('limits = { max_bytes = "64 KiB" }', 'limits = { max_bytes = "1 GiB" }', "source[0].limits.max_bytes"),
        ('limits = { max_bytes = "64 KiB" }', 'limits = { deadline = "1d" }', "source[0].limits.deadline"),
        ('limits = { max_bytes = "64 KiB" }', "concurrency = 1000000000", "source[0].concurrency"),
        ('interval = "2s"', 'interval = "300y"', "source[0].interval"),
        ('interval = "2s"', 'interval = "4000d"', "source[0].interval"),
        ('id = "acme.query"', 'id = "acme.q query"', "source[0].id"),
        ('id = "acme.query"', f'id = "acme.{"q" * 600}"', "source[0].id"),  # no key of LMDB is that long
        (
            '[[source.reading]]\nplatform = "acme"',
            '[[source.reading]]\nplatform = "acme"\nsurface = ""',
            "source[0].reading[0].surface",
        ),
        ('title = "Acme query"', 'title = ""', "source[0].title"),
        ('name = "Acme"', 'name = " "', "platform.name"),
        ('"推销" = "marketing"', '"" = "marketing"', 'platform.words.""'),
        ("review_days = 5", "review_days = 100000", "appeal.review_days"),
        ("review_days = 5", "takes = []", "appeal.takes"),
        ('"https://www.acme.example/appeal"', '"https://["', "appeal.manual.address"),
        ("[appeal]\n", '[appeal]\naddress = "https://evil.example"\n', "appeal.address"),
        ('rule]]\nname = "clean"', 'rule]]\nname = ""', "source[0].rule[0].name"),
        ('path = "state"', 'path = "stat{e165}"', "source[0].rule.clean.when[0].path"),
    ],
)
def test_what_a_pack_may_not_ask_of_the_daemon(problems: Problems, acme: Files, old: str, new: str, key: str) -> None:
    files = changed(acme, old, new)
    said = problems(files)
    before = files["platforms.d/acme.toml"].partition(new.strip())[0]
    assert places(said) == [("platforms.d/acme.toml", (before + new.strip()).count("\n") + 1, key)], said


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[daemon]\nmap_size = 1", "daemon.map_size"),
        ('[daemon]\nmap_size = "1000 TiB"', "daemon.map_size"),
        ('[daemon]\nheartbeat = "20000w"', "daemon.heartbeat"),
        ('[source."acme.query"]\nconcurrency = 100000', 'source."acme.query".concurrency'),
        ('[http]\nmax_bytes = "1 GiB"', "http.max_bytes"),
        ('[source."acme.query"]\nlimits = { deadline = "2h" }', 'source."acme.query".limits.deadline'),
        ('[platform.acme.appeal]\nlimits = { connect = "2h" }', "platform.acme.appeal.limits.connect"),
        ('[source."acme.query".budget]\nprice = 1e-300', 'source."acme.query".budget.price'),
        ('[source."acme.query".budget]\nmoney = 1e300', 'source."acme.query".budget.money'),
        ("[platforms.x]", "platforms.x"),
        ("[clock]\norigin = 9999-01-01T00:00:00Z", "clock.origin"),
        ('[control]\nstatus_socket = "/run/a.sock"\ncontrol_socket = "/run/a.sock"', "control.control_socket"),
        (f'[control]\nstatus_socket = "/run/{"a" * 120}"', "control.status_socket"),
        (f'[daemon]\n[http]\nca_file = "{"a" * 5000}"', "http.ca_file"),
        ('[[evidence]]\nkind = "licence"\npath = "/dev/zero"', "evidence[0].path"),
        ('[[evidence]]\nkind = "licence"\npath = "secrets"', "evidence[0].path"),
        ('[numbers]\nfiles = ["secrets"]', "numbers.files[0]"),
        ('[numbers]\nfiles = ["/dev/zero"]', "numbers.files[0]"),
    ],
)
def test_what_settings_may_not_ask_of_the_daemon(problems: Problems, acme: Files, text: str, key: str) -> None:
    main = acme["numtrustd.toml"] + text + "\n"
    assert places(problems(acme | {"numtrustd.toml": main})) == [("numtrustd.toml", main.count("\n"), key)]


def test_a_pipe_is_not_waited_for(problems: Problems, tree: Callable[[Files], pathlib.Path], acme: Files) -> None:
    directory = tree(acme).parent
    for name in ("numbers.csv", "secrets/acme-key", "platforms.d/pipe.toml"):
        (directory / name).unlink(missing_ok=True)
        os.mkfifo(directory / name)
    left = {name: text for name, text in acme.items() if name not in ("numbers.csv", "secrets/acme-key")}
    said = problems(left)
    assert said.count("no ordinary file") == 3, said


@pytest.mark.parametrize("name", ["x" * 5_000, "numbers.csv"])
def test_a_directory_that_is_none(problems: Problems, acme: Files, name: str) -> None:
    main = acme["numtrustd.toml"].replace("shipped = false", f'shipped = false\ndirs = ["platforms.d", "{name}"]')
    assert places(problems(acme | {"numtrustd.toml": main})) == [("numtrustd.toml", 3, "platforms.dirs[1]")]


def test_a_lost_directory_of_packs_is_said_once(problems: Problems, acme: Files) -> None:
    main = acme["numtrustd.toml"].replace(
        "shipped = false", 'shipped = false\ndirs = ["lost.d"]\nenable = ["acme.query"]'
    )
    main += "[platform.acme]\nimportance = 0.5\n"
    assert places(problems(acme | {"numtrustd.toml": main})) == [("numtrustd.toml", 3, "platforms.dirs[0]")]


def test_a_directory_of_secrets_with_too_long_a_name(problems: Problems, acme: Files) -> None:
    main = acme["numtrustd.toml"].replace('"secrets"', f'"{"s" * 5_000}"')
    assert "file name too long" in problems(acme | {"numtrustd.toml": main})


def test_a_directory_of_packs_that_is_a_file(problems: Problems) -> None:
    files = {"numtrustd.toml": MAIN, "numbers.csv": CSV, "platforms.d": "x"}
    assert "platforms.dirs[0]: is no directory: platforms.d" in problems(files)


def test_paths_of_a_drop_in_start_where_it_stands(good: Good, acme: Files, tmp_path: pathlib.Path) -> None:
    acme["numtrustd.toml.d/here.toml"] = """\
[daemon]
state_dir = "state"
[control]
status_socket = "status.sock"
[credentials]
files = { acme-key = "key" }
"""
    acme["numtrustd.toml.d/key"] = "other\n"
    loaded = good(acme)
    here = tmp_path / "numtrustd.toml.d"
    assert (loaded.state_dir, loaded.status_socket) == (here / "state", here / "status.sock")
    assert loaded.secrets == {"acme-key": "other"}


def test_a_window_in_which_no_label_can_be_confirmed_is_warned_of(good: Good, base: Files) -> None:
    base["numtrustd.toml"] += '[verdict]\nconfirm = 4\nconfirm_window = "1h"\n'
    said = [(warning.line, warning.key) for warning in good(base).warnings]
    assert (5, "verdict.confirm_window") in said


def test_overrides_of_an_appeal_that_no_program_makes_are_warned_of(good: Good, acme: Files) -> None:
    main = acme["numtrustd.toml"]
    acme["numtrustd.toml"] += '[platform.acme.appeal]\nbase_url = "https://proxy.example"\ninterval = "5s"\n'
    assert [(warning.line, warning.key) for warning in good(acme).warnings] == [
        (main.count("\n") + 2, "platform.acme.appeal.base_url"),
        (main.count("\n") + 3, "platform.acme.appeal.interval"),
    ]


def test_what_is_spoilt_is_known_above_and_below() -> None:
    report, place = Report(), object()
    report.spoil(place, ("a", 1, "b"))
    assert [report.spoilt(place, *path) for path in ((), ("a",), ("a", 1), ("a", 1, "b"), ("a", 1, "b", "c"))] == [
        True
    ] * 5
    assert not report.spoilt(place, "a", 0)
    assert not report.spoilt(object(), "a")


def test_a_long_value_is_cut_short() -> None:
    said = str(Problem("f", 1, "k" * 1_000, f"{'w' * 1_000} is too long", "r"))
    assert len(said) < 900
    assert said.endswith("www is too long: r")


def test_a_platform_in_the_place_of_a_source_is_told_its_sources(problems: Problems, acme: Files) -> None:
    acme["numtrustd.toml"] = acme["numtrustd.toml"].replace("[platforms]", '[platforms]\nenable = ["acme"]', 1)
    said = problems(acme)
    assert 'platforms.enable[0]: "acme" is a platform and no source: name its source: one of "acme.query"' in said
