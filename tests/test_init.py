"""`numtrustd init`: what it writes passes `check`, nothing is replaced unasked, and its commands work."""

import csv
import io
import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from numtrustd import cli, exit_status, init
from numtrustd.domain.number import NumberKind
from numtrustd.init import Answers, InitError
from numtrustd.init import sources as init_sources
from numtrustd.init import text as init_text
from numtrustd.settings import Loaded, load

BIN = Path(sys.executable).parent
NUMBERS = ("13800138000", "021-51288801")
NASTY = st.text(
    st.characters(exclude_categories=("Cs",)) | st.sampled_from("\"'\\\n\t#[]=示例物流，“”\x7f"), max_size=30
)
READY = ("sogou.search", "so360.onebox", "huawei.device")
"""Sources that need nothing in the settings."""


def loaded(config: Path) -> Loaded:
    found = load(config, {})
    assert isinstance(found, Loaded), found
    return found


# ------------------------------------------------------------------------------------------------------- the text


@given(
    company=NASTY, display_name=NASTY, state_dir=NASTY, socket_dir=NASTY, group=st.none() | NASTY, path=NASTY,
    enable=st.lists(NASTY, unique=True, max_size=3), approval=st.sampled_from(("ask", "automatic")),
)  # fmt: skip
def test_toml_says_what_was_answered(
    company: str, display_name: str, state_dir: str, socket_dir: str, group: str | None, path: str, enable: list[str],
    approval: Any,
) -> None:  # fmt: skip
    answers = Answers(
        company=company, display_name=display_name, state_dir=state_dir, socket_dir=socket_dir, group=group,
        enable=tuple(enable), approval=approval,
    )  # fmt: skip
    lacking = {enable[0]: ("one line", "another")} if enable else {}
    said = tomllib.loads(init_text.settings(answers, path, lacking))
    assert said["numbers"]["files"] == [path]
    assert said["company"].get("name", "") == company
    assert said.get("identity", [{"name": ""}])[0]["name"] == display_name
    assert said["platforms"]["enable"] == enable[1:]
    assert said["appeal"]["approval"] == approval
    assert said["daemon"].get("state_dir", "") == state_dir
    assert said["control"].get("group") == group
    assert bool(said["control"].get("status_socket")) is bool(socket_dir)


@given(st.lists(NASTY.filter(str.strip), max_size=5))
def test_numbers_are_rows(spelt: list[str]) -> None:
    rows = list(csv.reader(io.StringIO(init_text.numbers(spelt), newline="")))
    assert rows[0] == ["number", "name", "group", "accept", "note", "since"]
    assert [row[0] for row in rows[2:]] == [" ".join(number.split()) for number in spelt]


# ------------------------------------------------------------------------------------------------------ the files


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(company=NASTY, display_name=NASTY, n=st.integers(0, 10**9))
def test_what_is_written_passes_check_or_nothing_is_written(
    tmp_path: Path, company: str, display_name: str, n: int
) -> None:
    config = tmp_path / f"{n}-{company.encode().hex()[:40]}" / "numtrustd.toml"
    refused = None
    try:
        init.write(config, Answers(company=company, display_name=display_name, numbers=NUMBERS), {}, force=True)
    except InitError as error:
        refused = error
    if refused is not None:
        assert refused.status == exit_status.CONFIG
        assert any(not c.isprintable() for c in company + display_name), refused
        assert list(config.parent.iterdir()) == []
    else:
        found = loaded(config)
        assert found.settings.company.name == company
        assert [identity.name for identity in found.settings.identity] == ([display_name] if display_name else [])
        assert sorted(found.numbers) == ["+8613800138000", "+862151288801"]


@pytest.mark.parametrize(
    ("enable", "approval", "state_dir", "socket_dir", "group"),
    [
        ((), "ask", "", "", None),
        (("sogou",), "automatic", "", "", ""),
        (READY, "automatic", "", "", None),
        ((), "automatic", "state", "run", ""),
        (READY, "ask", "state", "run", "ops"),
        (("sogou",), "ask", "/s t", "r/n", None),
    ],
)
def test_combinations(
    tmp_path: Path, enable: tuple[str, ...], approval: Any, state_dir: str, socket_dir: str, group: str | None
) -> None:
    config = tmp_path / "conf" / "numtrustd.toml"
    answers = Answers(
        company="示例科技有限公司", contact_name="王小明", contact_phone="021-51288801", display_name='"示例"',
        numbers=NUMBERS, enable=enable, approval=approval, state_dir=state_dir, socket_dir=socket_dir, group=group,
    )  # fmt: skip
    made = init.write(config, answers, {})
    found = loaded(config)
    assert (found.settings.company.contact_name, found.settings.company.contact_phone) == ("王小明", "021-51288801")
    assert not made.lacking
    assert set(found.sources) == set(made.enabled) == {s if "." in s else f"{s}.search" for s in enable}
    assert found.settings.approval("sogou", "default") == approval
    assert found.settings.control.group == ("numtrustd-ctl" if group is None else group)
    assert sorted(file.name for file in config.parent.iterdir()) == ["numbers.csv", "numtrustd.toml"]


def test_a_source_that_lacks_something_waits_with_what_it_lacks(tmp_path: Path) -> None:
    config = tmp_path / "numtrustd.toml"
    made = init.write(config, Answers(numbers=NUMBERS, enable=("telnyx", "sogou.search", "contract_aggregator")), {})
    assert made.enabled == ("sogou.search",)
    assert set(made.lacking) == {"telnyx.reputation", "contract_aggregator.batch"} or set(made.lacking) == {
        "telnyx.reputation", "contract_aggregator.query",
    }  # fmt: skip
    text = config.read_text(encoding="utf-8")
    assert '# "telnyx.reputation" is wanted, too' in text
    assert "#   platform.telnyx.vars.enterprise_id: " in text
    assert set(loaded(config).sources) == {"sogou.search"}


def test_what_a_source_lacks_is_followed_by_how_it_is_switched_on_then(tmp_path: Path) -> None:
    config = tmp_path / "numtrustd.toml"
    told = CliRunner().invoke(
        cli.cli,
        ["init", "--no-input", "-c", str(config), "--number", NUMBERS[0], "--enable", "telnyx", "--enable", "huawei"],
    )
    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    first = lines.index("telnyx.reputation is not switched on yet; it lacks:")
    last = lines.index(f'  then put "telnyx.reputation" into `enable` under [platforms] in {config}')
    assert last - first > 2
    assert all(line.startswith("  ") for line in lines[first + 1 : last])
    assert told.output.count("then put") == 1, "the handset lacks nothing"


def test_every_source_can_be_wished_for(tmp_path: Path) -> None:
    known = init.known_sources(tmp_path / "n.toml")
    wished = tuple(known)[::9]
    made = init.write(tmp_path / "n.toml", Answers(numbers=NUMBERS, enable=wished), {})
    assert {*made.enabled, *made.lacking} == set(wished)
    assert set(loaded(tmp_path / "n.toml").sources) == set(made.enabled)


def test_nothing_is_replaced_unless_it_is_asked_for(tmp_path: Path) -> None:
    config, beside = tmp_path / "numtrustd.toml", tmp_path / "numbers.csv"
    config.write_text("mine", encoding="utf-8")
    beside.write_text("number\n13800138001\n", encoding="utf-8")
    for answers in (Answers(numbers=NUMBERS), Answers()):
        with pytest.raises(InitError, match="there already: replace with --force") as caught:
            init.write(config, answers, {})
        assert caught.value.status == exit_status.USAGE
        assert config.read_text(encoding="utf-8") == "mine"
    init.write(config, Answers(), {}, force=True)
    assert list(loaded(config).numbers) == ["+8613800138001"], "numbers that are there are used, not replaced"
    init.write(config, Answers(numbers=NUMBERS), {}, force=True)
    assert sorted(loaded(config).numbers) == ["+8613800138000", "+862151288801"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["numbers.csv", "numtrustd.toml"]


CONFIGS = Path(__file__).parent.parent / "config"


def brought_by_the_package(home: Path) -> Path:
    """The directory of the settings as the package leaves it."""
    home.mkdir()
    shutil.copy(CONFIGS / "numtrustd.toml", home / "numtrustd.toml")
    shutil.copy(CONFIGS / "numbers.empty.csv", home / "numbers.csv")
    return home / "numtrustd.toml"


def test_what_the_package_put_there_is_replaced_and_that_is_said(tmp_path: Path) -> None:
    config = brought_by_the_package(tmp_path / "etc")
    done = CliRunner().invoke(cli.cli, ["init", "-c", str(config)])
    assert done.exit_code == exit_status.USAGE, "a file of numbers without one is none"
    assert "there is not one number" in done.output
    done = CliRunner().invoke(cli.cli, ["init", "-c", str(config), "--number", "13800138000"])
    assert done.exit_code == 0, done.output
    for name in ("numbers.csv", "numtrustd.toml"):
        assert f"wrote {config.with_name(name)} over the one of the package, which nobody had edited\n" in done.output
    assert list(loaded(config).numbers) == ["+8613800138000"]


@pytest.mark.parametrize("name", ["numbers.csv", "numtrustd.toml"])
def test_what_somebody_has_edited_since_is_not(tmp_path: Path, name: str) -> None:
    config = brought_by_the_package(tmp_path / "etc")
    edited = config.with_name(name)
    edited.write_text(edited.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    before = {file.name: file.read_bytes() for file in config.parent.iterdir()}
    with pytest.raises(InitError, match=f"{edited}: there already: replace with --force"):
        init.write(config, Answers(numbers=NUMBERS), {})
    assert {file.name: file.read_bytes() for file in config.parent.iterdir()} == before
    link = tmp_path / "numtrustd.toml"
    link.symlink_to(CONFIGS / "numtrustd.toml")
    with pytest.raises(InitError, match="there already"):
        init.write(link, Answers(numbers=NUMBERS), {})


def test_numbers_that_were_put_into_the_packages_file_are_used(tmp_path: Path) -> None:
    config = brought_by_the_package(tmp_path / "etc")
    with config.with_name("numbers.csv").open("a", encoding="utf-8") as file:
        file.write("13800138001,,,,\n")
    made = init.write(config, Answers(), {})
    assert (made.files, made.untouched) == ((config,), (config,))
    assert list(loaded(config).numbers) == ["+8613800138001"]


OWN = """
[platform]
id = "acme"
name = "Acme"
class = "aggregator"
[[source]]
id = "acme.lookup"
title = "Acme look-up API"
kinds = ["mobile"]
{more}
views.answer.steps = [{{ do = "json" }}]
echo = [{{ view = "answer", path = "number" }}]
[source.request]
url = "https://labels.example.com/v1/lookup?number={{e164}}"
[source.request.auth]
kind = "bearer"
token = "{{secret:acme-key}}"
[[source.reading]]
platform = "acme"
[[source.rule]]
name = "marked"
when = [{{ view = "answer", path = "label", nonempty = true }}]
then = {{ say = "marked", words = {{ view = "answer", path = "label" }} }}
[[source.rule]]
name = "clean"
when = [{{ view = "answer", path = "status", equals = "none" }}]
then = {{ say = "clean" }}
"""


def test_packs_of_ones_own_count(tmp_path: Path) -> None:
    config = tmp_path / "numtrustd.toml"
    (tmp_path / "platforms.d").mkdir()
    pack = tmp_path / "platforms.d" / "acme.toml"
    pack.write_text(OWN.format(more='enabled = false\nwhy_off = "ask Acme first: they mind"'), encoding="utf-8")
    known = init.known_sources(config)
    assert next(iter(known)) == "acme.lookup", "the own ones first"
    assert [name for name, each in known.items() if each.own] == ["acme.lookup"]
    made = init.write(config, Answers(numbers=NUMBERS, enable=("acme",)), {})
    assert set(made.lacking) == {"acme.lookup"}
    [line] = made.lacking["acme.lookup"]
    assert f"{tmp_path}/credentials/acme-key: no such file" in line, "named where it has to be"
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "acme-key").write_text("s3cret")
    (tmp_path / "credentials" / "acme-key").chmod(0o600)
    made = init.write(config, Answers(numbers=NUMBERS, enable=("acme",)), {}, force=True)
    assert (made.enabled, made.own, dict(made.lacking)) == (("acme.lookup",), (), {})
    assert set(loaded(config).sources) == {"acme.lookup"}
    pack.write_text(OWN.format(more=""), encoding="utf-8")
    made = init.write(config, Answers(numbers=NUMBERS), {}, force=True)
    assert (made.enabled, made.own) == ((), ("acme.lookup",)), "on unless it says otherwise"
    pack.write_text("[platform]\n", encoding="utf-8")
    with pytest.raises(InitError, match=f"^{pack}:1: platform.id: ") as caught:
        init.write(config, Answers(numbers=NUMBERS), {}, force=True)
    assert caught.value.status == exit_status.CONFIG
    listed = CliRunner().invoke(cli.cli, ["sources", "-c", str(config)])
    assert listed.exit_code == exit_status.CONFIG
    assert f"{pack}:1: platform.id: " in listed.output


def test_drop_ins_count(tmp_path: Path) -> None:
    config = tmp_path / "numtrustd.toml"
    (tmp_path / "numtrustd.toml.d").mkdir()
    drop_in = tmp_path / "numtrustd.toml.d" / "site.toml"
    drop_in.write_text("[daemon]\nheartbeet = 1\n", encoding="utf-8")
    with pytest.raises(InitError, match=f"^{drop_in}:2: daemon.heartbeet: unknown key"):
        init.write(config, Answers(numbers=NUMBERS), {})
    assert not config.exists()


def test_all_sources_are_listed_on_a_line_each(tmp_path: Path) -> None:
    listed = CliRunner().invoke(cli.cli, ["sources", "-c", str(tmp_path / "none" / "numtrustd.toml")])
    assert listed.exit_code == 0, listed.output
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(init.known_sources(tmp_path / "n.toml"))
    assert re.search(r"^sogou\.search +B  an unofficial query .*: confirm that ", listed.output, re.MULTILINE)


@pytest.mark.parametrize(
    ("kind", "has", "lacks"),
    [
        (NumberKind.MOBILE, {"so360.onebox", "sogou.search", "baidu.spns"}, {"telnyx.reputation"}),
        (NumberKind.FOREIGN, {"telnyx.reputation", "youmail.lookup"}, {"sogou.search", "telnyx.fresh"}),
    ],
)
def test_the_short_list_is_for_ones_own_numbers(
    tmp_path: Path, kind: NumberKind, has: set[str], lacks: set[str]
) -> None:
    known = init.known_sources(tmp_path / "n.toml").values()
    short = init_sources.shortlist(known, {kind})
    ids = {each.source.id for each in short}
    assert has <= ids
    assert not ids & lacks
    assert len(ids) <= 8, "what is asked fits on a screen"
    assert ids < {each.source.id for each in init_sources.shortlist(known, ())}
    assert all(len(row) <= 118 for row in init_sources.rows(short, whole=False))


def test_a_file_of_numbers_stays_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("外呼 号码.csv").write_text("号码,名称\n13800138000,外呼\n", encoding="utf-8")
    config = tmp_path / "conf" / "numtrustd.toml"
    made = init.write(config, Answers(numbers_file=Path("外呼 号码.csv")), {})
    assert made.files == (config,)
    assert [owned.name for owned in loaded(config).numbers.values()] == ["外呼"]


@pytest.mark.parametrize(
    ("answers", "status", "said"),
    [
        (Answers(), exit_status.USAGE, "there is not one number: give --number"),
        (Answers(numbers=("138",)), exit_status.USAGE, "--number: '138': "),
        (
            Answers(numbers=("13800138000", "+86 138 0013 8000")),
            exit_status.USAGE,
            "is the same number as '13800138000'",
        ),
        (Answers(numbers=NUMBERS, enable=("sogu",)), exit_status.USAGE, "no source or platform 'sogu': did you mean"),
        (Answers(numbers=NUMBERS, company="\udc80"), exit_status.USAGE, "--company: '\\udc80' is not UTF-8"),
        (Answers(numbers=NUMBERS, company="a\x00b"), exit_status.CONFIG, "company.name: "),
        (Answers(numbers_file=Path("/none.csv")), exit_status.CONFIG, "numbers.files"),
    ],
)
def test_what_will_not_do_is_said_with_its_flag(tmp_path: Path, answers: Answers, status: int, said: str) -> None:
    with pytest.raises(InitError) as caught:
        init.write(tmp_path / "numtrustd.toml", answers, {})
    assert caught.value.status == status
    assert said in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InitError) as caught:
        init.write(tmp_path / "file" / "numtrustd.toml", Answers(numbers=NUMBERS), {})
    assert caught.value.status == exit_status.IO
    with pytest.raises(InitError, match="is the name of the numbers"):
        init.write(tmp_path / "numbers.csv", Answers(numbers=NUMBERS), {})


# ---------------------------------------------------------------------------------------------------- the command


def test_the_service_gets_the_directories_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "etc" / "numtrustd.toml"
    monkeypatch.setattr(cli, "DEFAULT_CONFIG", str(config))
    monkeypatch.setattr("numtrustd.settings.unseen.SYSTEM", config)
    done = CliRunner().invoke(cli.cli, ["init", "--config", str(config), "--number", "13800138000"])
    assert done.exit_code == 0, done.output
    found = loaded(config)
    assert (str(found.state_dir), str(found.status_socket)) == ("/var/lib/numtrustd", "/run/numtrustd/status.sock")
    assert found.settings.control.group == "numtrustd-ctl"
    assert done.output.splitlines()[-6:] == [
        "who may act, from the next login on: usermod -aG numtrustd-ctl NAME",
        "next:",
        "  numtrustd check",
        "  systemctl start numtrustd-create-state",
        "  systemctl enable --now numtrustd",
        "  numtrustctl status",
    ]
    assert "no source is switched on" in done.output


def test_the_service_gets_a_copy_of_numbers_that_it_could_not_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "etc" / "numtrustd.toml"
    config.parent.mkdir()
    monkeypatch.setattr("numtrustd.settings.unseen.SYSTEM", config)
    mine = tmp_path / "mine.csv"
    mine.write_text("number,name\n13800138000,Desk\n", encoding="utf-8")
    monkeypatch.setattr("numtrustd.settings.unseen.PLACES", (tmp_path / "else",))
    assert init.write(config, Answers(numbers_file=mine), {}).copied is None
    assert loaded(config).settings.numbers.files == (str(mine),)
    monkeypatch.setattr("numtrustd.settings.unseen.PLACES", (tmp_path,))
    made = init.write(config, Answers(numbers_file=mine), {}, force=True)
    assert (made.copied, made.files) == (mine, (config.parent / "numbers.csv", config))
    mine.unlink()
    assert [owned.name for owned in loaded(config).numbers.values()] == ["Desk"]
    mine.write_text("number\n13800138001\n", encoding="utf-8")
    with pytest.raises(InitError, match=r"numbers\.csv and .*: there already"):
        init.write(config, Answers(numbers_file=mine), {})
    mine.rename(tmp_path / "mine.toml")
    with pytest.raises(InitError, match=r"mine\.toml: the service does not see what lies below .*: put it into"):
        init.write(config, Answers(numbers_file=tmp_path / "mine.toml"), {}, force=True)
    assert [owned.name for owned in loaded(config).numbers.values()] == ["Desk"], "nothing was replaced"


def test_groups_that_the_numbers_are_in_are_described(tmp_path: Path) -> None:
    config = tmp_path / "numtrustd.toml"
    (tmp_path / "numtrustd.toml.d").mkdir()
    (tmp_path / "numtrustd.toml.d" / "mine.toml").write_text('[[group]]\nname = "known"\n', encoding="utf-8")
    rows = ('13800138000,外呼"', "13800138001,known", "13800138002,default", "13800138003,", "13800138004,sales")
    (tmp_path / "n.csv").write_text("\n".join(("number,group", *rows)), encoding="utf-8")
    made = init.write(config, Answers(numbers_file=tmp_path / "n.csv"), {})
    assert made.groups == ('外呼"', "sales")
    assert [group.name for group in loaded(config).settings.group] == ['外呼"', "sales", "known"]


def test_the_copy_and_the_groups_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "etc" / "numtrustd.toml"
    monkeypatch.setattr("numtrustd.settings.unseen.SYSTEM", config)
    monkeypatch.setattr("numtrustd.settings.unseen.PLACES", (tmp_path,))
    mine = tmp_path / "mine.csv"
    mine.write_text("number,group\n13800138000,sales\n", encoding="utf-8")
    done = CliRunner().invoke(cli.cli, ["init", "--config", str(config), "--numbers", str(mine)])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[:3] == [
        f"wrote {config.parent / 'numbers.csv'}, a copy of {mine}, which the service would not see",
        f"wrote {config}",
        "groups of the numbers, each with a [[group]] of its own: sales",
    ]


def test_check_warns_of_what_the_service_would_not_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, mine, paper = tmp_path / "etc" / "numtrustd.toml", tmp_path / "mine.csv", tmp_path / "paper.pdf"
    config.parent.mkdir()
    mine.write_text("number\n13800138000\n", encoding="utf-8")
    paper.touch()
    files = f'[numbers]\nfiles = ["{mine}"]\n[[evidence]]\nkind = "licence"\npath = "{paper}"\n'
    config.write_text(files, encoding="utf-8")

    def said() -> list[str]:
        done = CliRunner().invoke(cli.cli, ["check", "--config", str(config)])
        assert done.exit_code == 0, done.output
        return [line for line in done.output.splitlines() if "the service does not see" in line]

    monkeypatch.setattr("numtrustd.settings.unseen.PLACES", (tmp_path / "home",))
    monkeypatch.setattr("numtrustd.settings.unseen.SYSTEM", config)
    assert said() == []
    monkeypatch.setattr("numtrustd.settings.unseen.PLACES", (tmp_path,))
    remedy = f"the service does not see what lies below {tmp_path}: put it elsewhere, into {config.parent} for instance"
    assert said() == [f"warning: {mine}: {remedy}", f"warning: {paper}: {remedy}"]
    monkeypatch.setattr("numtrustd.settings.unseen.SYSTEM", tmp_path / "other.toml")
    assert said() == []


def test_one_way_of_numbers(tmp_path: Path) -> None:
    config = str(tmp_path / "n.toml")
    done = CliRunner().invoke(cli.cli, ["init", "-c", config, "--number", "1", "--numbers", "n.csv"])
    assert done.exit_code == 2  # 64 from `main`
    assert "give one of them" in done.output


@pytest.mark.process
def test_the_commands_that_it_ends_with_start_the_daemon(tmp_path: Path) -> None:
    config = tmp_path / "my numbers" / "numtrustd.toml"
    environ = {"PATH": f"{BIN}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ["numtrustd", "init", "--config", config, "--number", "13800138000", "--enable", "huawei", "--company", "示例"],
        env=environ, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    *before, run, look = [line.strip() for line in done.stdout.partition("next:\n")[2].splitlines()]
    for command in before:
        subprocess.run(command, shell=True, env=environ, check=True, timeout=120, capture_output=True)
    arguments = shlex.split(run)
    assert arguments[:2] == ["numtrustd", "run"]
    with subprocess.Popen(arguments, env=environ, stderr=subprocess.PIPE) as daemon:
        try:
            assert daemon.stderr is not None
            assert any(b" daemon.ready " in line for line in daemon.stderr)
            status = subprocess.run(look, shell=True, env=environ, check=True, timeout=120, capture_output=True)
            assert b"1 number on" in status.stdout
        finally:
            daemon.terminate()
            daemon.stderr.read()


_LEFT_OUT = (
    "Whom platforms may ask about it",
    "And at which telephone",
    "Name that phones are to show",
    "More numbers",
)
"""Questions that an empty line answers."""


@pytest.mark.process
def test_questions_on_a_terminal(tmp_path: Path) -> None:
    config = tmp_path / "numtrustd.toml"
    pid, fd = pty.fork()
    if pid == 0:
        environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm"}
        os.execve(BIN / "numtrustd", ["numtrustd", "init", "--config", str(config)], environ)
    seen = b""
    for question, answer in (
        ("Company, in whose name", "示例科技"),
        ("Whom platforms may ask about it", ""),
        ("And at which telephone", ""),
        ("Name that phones are to show", ""),
        ("Numbers with commas", "138; 13800138000、 139"),
        ("'138': ", ""),
        ("'139': ", ""),
        ("Numbers with commas", "138 0013 8000；021-51288801"),
        ("More numbers", "13800138000、95588"),
        ("is the same number as '138 0013 8000': give it once", ""),
        ("More numbers", "95588 13900139000"),
        ("More numbers", ""),
        ("4 numbers", ""),
        ("more, handsets among them: `numtrustd sources` lists all", ""),
        ("Sources or platforms", "sogu"),
        ('not known: sogu: did you mean "sogou"?', ""),
        ("Sources or platforms", "sogou, huawei.device"),
        ("wait for your approval? [Y/n]", "n"),
        ("numtrustctl status", ""),
    ):
        end = time.monotonic() + 60
        while question.encode() not in seen:
            ready, _, _ = select.select([fd], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{question!r} was not asked: {seen.decode()}"
            seen += os.read(fd, 65_536)
        seen = seen.partition(question.encode())[2]
        if answer or question in _LEFT_OUT:
            os.write(fd, answer.encode() + b"\n")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(fd)
    found = loaded(config)
    assert found.settings.company.name == "示例科技"
    assert not found.settings.identity
    assert sorted(found.numbers) == ["+8613800138000", "+8613900139000", "+862151288801", "95588"]
    assert sorted(found.sources) == ["huawei.device", "sogou.search"]
    assert found.settings.appeal.approval == "automatic"


# --------------------------------------------------------------------------------- paths, and what was there before


@pytest.mark.parametrize("typed", ["../numbers of mine.csv", "./x/../../numbers of mine.csv", "link/../n.csv"])
def test_the_path_of_the_numbers_is_plain_and_leads_to_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    (tmp_path / "here" / "x").mkdir(parents=True)
    (tmp_path / "else" / "where").mkdir(parents=True)
    (tmp_path / "here" / "link").symlink_to(tmp_path / "else" / "where")
    for file, number in (("numbers of mine.csv", NUMBERS[0]), ("else/n.csv", NUMBERS[1]), ("here/n.csv", "95588")):
        (tmp_path / file).write_text(f"number\n{number}\n")
    monkeypatch.chdir(tmp_path / "here")
    for config in (Path("numtrustd.toml"), Path("x/../conf/numtrustd.toml"), Path("link/../conf/numtrustd.toml")):
        made = init.write(config, Answers(numbers_file=Path(typed)), {})
        assert [file.name for file in made.files] == ["numtrustd.toml"]
        assert made.files[0].samefile(config)
        said = tomllib.loads(config.read_text(encoding="utf-8"))["numbers"]["files"][0]
        assert ".." not in said
        assert (config.parent / said).samefile(typed)
        assert not any(".." in command for command in made.commands)
        found = loaded(config)
        assert found.numbers.keys() == ({"+862151288801"} if "link" in typed else {"+8613800138000"})


def test_below_the_settings_the_path_goes_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf" / "lists").mkdir(parents=True)
    (tmp_path / "conf" / "lists" / "n.csv").write_text("number\n13800138000\n")
    monkeypatch.chdir(tmp_path)
    init.write(Path("conf/numtrustd.toml"), Answers(numbers_file=Path("conf/lists/../../conf/lists/n.csv")), {})
    said = tomllib.loads(Path("conf/numtrustd.toml").read_text(encoding="utf-8"))
    assert said["numbers"]["files"] == ["lists/n.csv"]


@pytest.mark.parametrize("enable", ["huawei.device", "telnyx.reputation"])
def test_a_day_still_to_come_is_warned_of(tmp_path: Path, enable: str) -> None:
    file = tmp_path / "n.csv"
    file.write_text("number,since\n13800138000,2190-01-01\n")
    done = CliRunner().invoke(
        cli.cli,
        ["init", "-c", str(tmp_path / "numtrustd.toml"), "--numbers", str(file), "--enable", enable, "--no-input"],
    )
    assert done.exit_code == 0, done.output
    [line] = [line for line in done.output.splitlines() if line.startswith("warning: ")]
    assert line.startswith(f"warning: {file}:2: since: is 2190-01-01, which is still to come")


def test_a_day_still_to_come_is_warned_of_where_the_copy_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("numtrustd.settings.unseen.SYSTEM", tmp_path / "etc" / "numtrustd.toml")
    monkeypatch.setattr("numtrustd.settings.unseen.below", lambda file: Path("/home"))
    file = tmp_path / "n.csv"
    file.write_text("number,since\n13800138000,2190-01-01\n")
    made = init.write(tmp_path / "etc" / "numtrustd.toml", Answers(numbers_file=file), {})
    [warning] = made.warnings
    assert warning.startswith(f"{tmp_path}/etc/numbers.csv:2: since: ")


def test_what_is_wrong_with_a_file_that_was_answered_is_all_told_and_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong, right = tmp_path / "wrong.csv", tmp_path / "right.csv"
    wrong.write_text("number\n138\n13800138000\n139\n")
    right.write_text("number\n13800138000\n")
    config = tmp_path / "numtrustd.toml"
    left = iter(["none.csv", str(wrong), "", str(right), ""])
    monkeypatch.setattr(sys.modules["numtrustd.init.ask"], "_line", lambda question: next(left))
    said: list[str] = []
    monkeypatch.setattr("click.echo", lambda text="", **_: said.append(str(text)))
    known = Answers(company="A", contact_name="C", contact_phone="1", display_name="B")
    asked = init.ask(known, config, approval_given=True, force=False)
    assert asked.numbers_file == right
    assert "  none.csv: there is no such file: name one that is there, or numbers" in said
    assert [line.split(": ")[0] for line in said if str(wrong) in line] == [f"  {wrong}:2", f"  {wrong}:4"]
    assert "  there has to be one: write it as it is dialled, such as 13800138000" in said
