"""What both READMEs and their chapters below docs/ say is so: the commands exist, the examples work, the diagram is
true, the languages agree, and a README can be read in five minutes.
"""

import csv
import http.server
import os
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from numtrustd import build, exit_status
from numtrustd.channels.answer import answer
from numtrustd.channels.spec import Call, HttpChannel
from numtrustd.cli import cli
from numtrustd.ctl.cli import program
from numtrustd.domain.number import from_canonical
from numtrustd.domain.workflow import mermaid
from numtrustd.domain.workflows import REGISTRY
from numtrustd.events import CATALOGUE
from numtrustd.look import look_once
from numtrustd.probes import program as program_module
from numtrustd.probes.extract import extract
from numtrustd.settings import Loaded, load, render
from numtrustd.wire.exchange import Reply
from numtrustd.wire.template import NUMBER_LIST, moment_values, number_values

ROOT = Path(__file__).parent.parent
NAMES = ("README.md", "README.zh-CN.md")
BOTH = pytest.mark.parametrize("name", NAMES)
CHAPTERS = ("settings", "sources", "work", "commands", "log", "appeal", "packs", "development")
"""The documents that carry on where a README ends, in each of its languages."""
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def pages(name: str) -> list[Path]:
    """A README and its chapters, in their order."""
    ending = name.removeprefix("README")
    return [ROOT / name, *(ROOT / "docs" / f"{chapter}{ending}" for chapter in CHAPTERS)]


def text(name: str) -> str:
    """All that one language says: a README with its chapters, or one other file."""
    files = pages(name) if name in NAMES else [ROOT / name]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def prose(name: str) -> str:
    """Everything outside of code blocks."""
    return FENCE.sub("", text(name))


def blocks(name: str, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(text(name)) if kind == language]


def block(name: str, language: str, begins: str) -> str:
    """The one block of code that begins so."""
    [found] = [body for body in blocks(name, language) if body.startswith(begins)]
    return found


MORE = ("[http]", '[source."telnyx.reputation".controls]', "[[identity]]", "[vocabulary]", "[[evidence]]")
"""What may be added to the settings."""


def toml(name: str) -> tuple[str, str, str, str, str]:
    """The settings, what may be added, the pack, what points a source to a stand-in, and a fixture's expectation."""
    first = ("[daemon]", "[platform]", '[source."acme.lookup"]', "number =")
    settings, pack, stand_in, expect = (block(name, "toml", begins) for begins in first)
    return settings, "".join(block(name, "toml", begins) for begins in MORE), pack, stand_in, expect


# ---------------------------------------------------------------------------------------------------- what is named


def commands(group: click.Group, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


@BOTH
def test_every_command_has_its_row_and_every_row_is_a_command(name: str) -> None:
    real = {*commands(cli, "numtrustd"), *commands(program, "numtrustctl")}
    rows = re.findall(r"^\| `(numtrust(?:d|ctl) [^`]*)`", text(name), re.MULTILINE)
    told = {" ".join(word for word in row.split() if not re.match(r"[\[A-Z]", word)) for row in rows}
    assert told == real


@BOTH
def test_every_option_that_a_row_names_is_taken(name: str) -> None:
    found = re.findall(r"^\| `(numtrust(?:d|ctl)) ([^`]*)` \|(.*)$", text(name), re.MULTILINE)
    assert found
    for tool, words, row in found:
        command: Any = cli if tool == "numtrustd" else program
        for word in words.split():
            command = command.commands.get(word, command) if isinstance(command, click.Group) else command
        taken = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", row)) <= taken, f"{tool} {words}"


@BOTH
def test_every_make_target_exists(name: str) -> None:
    makefile = text("Makefile")
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", text(name), re.MULTILINE))
    assert {"demo", "test", "check", "venv"} <= named
    assert not [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)]


@BOTH
def test_every_exit_status_is_told(name: str) -> None:
    statuses = {value for key, value in vars(exit_status).items() if key.isupper()}
    assert statuses <= {int(row) for row in re.findall(r"^\| (\d+) \|", text(name), re.MULTILINE)}


@BOTH
def test_every_event_and_file_that_is_named_exists(name: str) -> None:
    actions = {f"{noun}.{verb}" for noun, verb in re.findall(r"`([a-z]+)\.([a-z_]+)`", prose(name))}
    nouns = {action.partition(".")[0] for action in CATALOGUE}
    told = {
        action for action in actions if action.partition(".")[0] in nouns and not action.endswith((".sock", ".level"))
    }
    assert told
    assert told <= CATALOGUE.keys()
    for file in pages(name):
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", FENCE.sub("", file.read_text(encoding="utf-8"))):
            assert link.startswith("https://") or (file.parent / link).exists(), f"{file}: {link}"
    paths = re.findall(r"`((?:numtrustd|tests|docs|config|systemd|benchmarks)/[\w./-]*)`", prose(name))
    for path in paths:
        assert path.startswith("tests/data/acme.lookup") or (ROOT / path).exists(), path


@BOTH
def test_a_readme_can_be_read_in_five_minutes(name: str) -> None:
    readme = pages(name)[0].read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 300
    told = FENCE.sub("", readme)
    # A word of Chinese is about two characters.
    words = len(re.findall(r"[A-Za-z0-9][\w./-]*", told)) + len(re.findall(r"[\u4e00-\u9fff]", told)) // 2
    assert words <= 1_700, f"{words} words"
    linked = set(re.findall(r"\]\(([^)#]+)", told))
    assert {str(page.relative_to(ROOT)) for page in pages(name)[1:]} <= linked


# ------------------------------------------------------------------------------------------------------ the diagram


@BOTH
def test_the_diagram_is_the_one_that_the_table_draws(name: str) -> None:
    diagram = mermaid(REGISTRY["appeal"])
    assert blocks(name, "mermaid") == [diagram], "run `make docs`"
    assert text("docs/workflows/appeal.mmd") == diagram, "run `make docs`"


@BOTH
def test_every_state_of_an_appeal_has_its_row(name: str) -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|[^|]*\|[^|]*\|$", text(name), re.MULTILINE)
    assert rows == [str(state) for state in REGISTRY["appeal"].states]


# ------------------------------------------------------------------------------------------------ the two languages


def test_both_have_the_same_sections() -> None:
    for ours, theirs in zip(*map(pages, NAMES), strict=True):
        first, second = (
            [len(level) for level in re.findall(r"^(#+) ", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)]
            for page in (ours, theirs)
        )
        assert first == second, ours
        assert first[0] == 1


def test_both_have_the_same_examples() -> None:
    first, second = ([kind for kind, _ in FENCE.findall(text(name))] for name in NAMES)
    assert first == second
    for language in ("text", "json", "python"):
        assert blocks(NAMES[0], language) == blocks(NAMES[1], language)
    for ours, theirs in zip(blocks(NAMES[0], "toml"), blocks(NAMES[1], "toml"), strict=True):
        assert tomllib.loads(ours) == tomllib.loads(theirs)
    for ours, theirs in zip(blocks(NAMES[0], "sh"), blocks(NAMES[1], "sh"), strict=True):
        assert [line.partition(" #")[0].rstrip() for line in ours.splitlines()] == [
            line.partition(" #")[0].rstrip() for line in theirs.splitlines()
        ]


# ----------------------------------------------------------------------------------------------------- the examples


def house(root: Path, name: str, more: str = "") -> Path:
    """A directory as the README has its readers make it."""
    for folder in ("credentials", "papers", "platforms.d"):
        (root / folder).mkdir()
    (root / "numbers.csv").write_text(blocks(name, "csv")[0], encoding="utf-8")
    for paper in ("number-ownership", "licence", "nda"):
        (root / "papers" / f"{paper}.pdf").write_text("paper")
    for secret in ("telnyx-api-key", "acme-key", "office-proxy"):
        (root / "credentials" / secret).write_text("not-a-real-key")
        (root / "credentials" / secret).chmod(0o600)
    config = root / "numtrustd.toml"
    config.write_text(toml(name)[0] + more, encoding="utf-8")
    return config


@BOTH
def test_the_commands_before_check_bring_all_that_the_settings_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text(blocks(name, "csv")[0], encoding="utf-8")
    config = tmp_path / "numtrustd.toml"
    config.write_text(toml(name)[0], encoding="utf-8")
    before = load(config, {})
    assert isinstance(before, list), "without them it does not pass"
    steps = block(name, "sh", "mkdir -p run").partition("numtrustd check")[0]
    subprocess.run(["/bin/sh", "-euc", steps], cwd=tmp_path, check=True, timeout=20)
    loaded = load(config, {})
    assert isinstance(loaded, Loaded), render(loaded)
    assert loaded.status_socket.parent == tmp_path / "run"
    assert loaded.status_socket.parent.is_dir(), "`run` does not make it"


@BOTH
def test_the_first_run_is_what_init_says_to_type(name: str, tmp_path: Path) -> None:
    typed = block(name, "sh", "numtrustd init --config mine").removeprefix("numtrustd ")
    result = CliRunner().invoke(cli, shlex.split(typed.replace("mine/", f"{tmp_path}/mine/").replace("\\\n", " ")))
    assert result.exit_code == 0, result.output
    told = [line.strip() for line in result.output.partition("next:\n")[2].splitlines()]
    shown = [line.partition(" #")[0].rstrip() for line in block(name, "sh", "mkdir -p mine/run").splitlines()]
    assert [line.replace(f"{tmp_path}/", "") for line in told] == shown


@BOTH
def test_the_settings_and_the_numbers_load_without_a_warning(name: str, tmp_path: Path) -> None:
    loaded = load(house(tmp_path, name), {})
    assert isinstance(loaded, Loaded), render(loaded)
    assert list(loaded.sources) == ["telnyx.reputation"]
    assert len(loaded.numbers) == len(list(csv.reader(blocks(name, "csv")[0].splitlines()))) - 1
    unseen = "no source that is switched on answers for numbers of the kind"
    assert [w.what for w in loaded.warnings if not w.what.startswith(unseen)] == []


@BOTH
def test_what_is_wanted_and_taught_is_taken_as_it_says(name: str, tmp_path: Path) -> None:
    loaded = load(house(tmp_path, name, toml(name)[1].replace("192.0.2.7", "127.0.0.1")), {})
    assert isinstance(loaded, Loaded), render(loaded)
    desk, service = loaded.numbers["+8613800138000"].wanted, loaded.numbers["4008100001"].wanted
    assert desk is not None
    assert service is not None
    assert [version.text for version in desk.names] == ["示例科技", "示例智能"]
    assert (len(desk.logos), len(desk.tags)) == (1, 0)
    assert [version.text for version in service.tags] == ["冰饮专线"]
    context = build.context(loaded, "s")
    assert context.words["so360"]["疑似推销"] == context.words["so360"]["推销"] == "marketing"
    assert context.platforms["so360"].shown_from == 3


@BOTH
def test_the_ways_out_lead_where_they_say(name: str, tmp_path: Path) -> None:
    ways = toml(name)[1].replace("192.0.2.7", "127.0.0.1")
    loaded = load(house(tmp_path, name, ways), {})
    assert isinstance(loaded, Loaded), render(loaded)
    assert {key: str(route) for key, route in loaded.routes.items()} == {
        "direct": "direct",
        "office": "proxy office (http://proxy.example:3128)",
        "branch": "source address 127.0.0.1 (branch)",
    }
    assert loaded.source_route("telnyx.reputation").name == "branch"
    assert loaded.source_route("so360.onebox").name == "office"
    assert loaded.channel_route("telnyx").name == "direct"


@BOTH
def test_the_pack_reads_its_stand_in(name: str, tmp_path: Path) -> None:
    scope: dict[str, Any] = {"__name__": "answer"}
    exec(blocks(name, "python")[0], scope)

    class Quiet(scope["Acme"]):  # type: ignore[misc]  # made by exec
        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        _, _, pack, stand_in, _ = toml(name)
        assert "http://127.0.0.1:8080" in stand_in
        config = house(tmp_path, name, stand_in.replace(":8080", f":{server.server_port}"))
        (tmp_path / "platforms.d" / "acme.toml").write_text(pack, encoding="utf-8")
        said: list[str] = []
        for number in ("13800138000", "95001"):
            look_once(number, config, {}, platform="acme", source=None, verbose=True, record=None, echo=said.append)
        steps = next(block for block in blocks(name, "sh") if "numtrustd pack test" in block)
        done = subprocess.run(
            ["/bin/sh", "-euc", steps],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            check=True,
            timeout=60,
            capture_output=True,
            text=True,
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert done.stdout.endswith(next(block for block in blocks(name, "text") if "read as they should" in block))
    shown = "\n".join(said)
    promised = next(block for block in blocks(name, "text") if "rule marked: matches" in block)
    for line in promised.splitlines():
        if line != "…" and "8080" not in line and " at 20" not in line:
            assert line in shown
    assert "marked category=marketing words=推广号 marks=12 rule=marked" in shown
    assert shown.endswith("clean rule=clean")
    assert "not-a-real-key" not in shown


@BOTH
def test_the_signed_request_goes_out_as_it_says(name: str, tmp_path: Path) -> None:
    pack, signed = toml(name)[2], block(name, "toml", "[source.request]")
    plain = pack[pack.index("[source.request]") : pack.index("[source.views.answer]")]
    config = house(tmp_path, name)
    (tmp_path / "platforms.d" / "acme.toml").write_text(pack.replace(plain, signed + "\n"), encoding="utf-8")
    (tmp_path / "credentials" / "acme-id").write_text("me")
    (tmp_path / "credentials" / "acme-id").chmod(0o600)
    loaded = load(config, {})
    assert isinstance(loaded, Loaded), render(loaded)
    values = number_values(from_canonical("+8613800138000")) | moment_values(1_772_413_200.0, "")
    request = build.look_template(loaded, "acme.lookup").fill(values)
    # printf %s menot-a-real-key1772413200000 | openssl dgst -sha256 -r
    sign = "cca615628864d6fd5edb80744e9796a7cbf3e517f26e6e37a7141f0bc45eb9ab"
    assert request.body.decode() == f"appId=me&timestamp=1772413200000&sign={sign}&phone=13800138000"


@BOTH
def test_the_appeal_api_is_called_and_read_as_it_says(name: str, tmp_path: Path) -> None:
    pack, api = toml(name)[2], block(name, "toml", "[appeal.http]")
    by_hand = pack[pack.index("[appeal.manual]") : pack.index("[[source]]")]
    pack = pack.replace(by_hand, api + "\n").replace('channel = "manual"', 'channel = "http"')
    config = house(tmp_path, name)
    (tmp_path / "platforms.d" / "acme.toml").write_text(pack, encoding="utf-8")
    loaded = load(config, {})
    assert isinstance(loaded, Loaded), render(loaded)
    channel = loaded.channels["acme"]
    assert isinstance(channel, HttpChannel)
    assert channel.query is not None
    assert channel.look_up is not None
    mine = {"receipt": "A-1", "ref": "NT-1"}

    def said(call: Call, status: int, body: str) -> str:
        return type(answer(call, Reply(status, (), body.encode()), mine, 0.0)).__name__

    assert said(channel.submit, 201, '{"id": "A-1"}') == "Accepted"
    assert said(channel.submit, 422, '{"error": "not ours"}') == "Refused"
    assert said(channel.submit, 500, '{"id": "A-1"}') == "Unclear"
    for state, meant in (("open", "InReview"), ("granted", "Approved"), ("denied", "Rejected")):
        assert said(channel.query, 200, f'{{"id": "A-1", "state": "{state}", "reason": "why"}}') == meant
    assert said(channel.look_up, 200, '{"appeals": [{"id": "A-1", "reference": "NT-1"}]}') == "Accepted"
    assert said(channel.look_up, 200, '{"appeals": []}') == "NotFound"
    assert said(channel.look_up, 200, "{}") == "Unclear"


@BOTH
def test_the_batch_is_handed_in_and_read_as_it_says(name: str, tmp_path: Path) -> None:
    pack, batch = toml(name)[2], block(name, "toml", "[source.batch]")
    plain = pack[pack.index("[source.request]") : pack.index("[source.views.answer]")]
    config = house(tmp_path, name)
    (tmp_path / "platforms.d" / "acme.toml").write_text(pack.replace(plain, batch + "\n"), encoding="utf-8")
    loaded = load(config, {})
    assert isinstance(loaded, Loaded), render(loaded)
    templates = build.batch_templates(loaded, "acme.lookup")
    request = templates["submit"].fill({"ref": "r-1", NUMBER_LIST: "13800138000\n95001"})
    assert request.body == b'{"order":"r-1","numbers":["13800138000","95001"]}'
    item = '{"number": "+8613800138000", "label": "推广号", "count": 12}'
    reply = Reply(200, (), f'{{"task": "T-1", "state": "running", "answers": [{item}]}}'.encode())
    (seen,) = extract(loaded.sources["acme.lookup"], from_canonical("+8613800138000"), reply, 0.0, {}, ("T-1",))
    assert (str(seen.status), seen.words, seen.marks) == ("marked", "推广号", 12)


@BOTH
def test_a_program_answers_as_it_says(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests may run as root, which would have to become somebody who cannot read what is theirs.
    monkeypatch.setattr(program_module, "_user", lambda user: (None, ""))
    exchange = next(text for text in blocks(name, "text") if '"looks"' in text)
    asked, answered = (line[2:] for line in exchange.splitlines())
    look = tmp_path / "look"
    look.write_text(
        f"#!/bin/sh\nread asked; test \"$asked\" = '{asked.replace(': ', ':').replace(', ', ',')}' || exit 3\n"
        f"echo \"rack $2, $FARM_KEY\" >&2\necho '{answered}'\n"
    )
    look.chmod(0o755)
    config = house(tmp_path, name)
    farm = block(name, "toml", "[[source]]").replace("/opt/handsets/look", str(look))
    (tmp_path / "platforms.d" / "acme.toml").write_text(toml(name)[2] + farm, encoding="utf-8")
    (tmp_path / "credentials" / "farm-key").write_text("s3cret-key")
    (tmp_path / "credentials" / "farm-key").chmod(0o600)
    said: list[str] = []
    look_once("13800138000", config, {}, platform=None, source="acme.farm", verbose=True, echo=said.append)
    shown = "\n".join(said)
    assert "! rack 7, [redacted]" in shown
    assert "acme/incoming_call by acme.farm" in said[-1]
    assert "marked category=marketing words=推广号 marks=12" in said[-1]


@BOTH
def test_the_fixture_is_of_the_form_that_the_tests_read(name: str, tmp_path: Path) -> None:
    from tests import recorded

    folder = tmp_path / "acme.lookup"
    folder.mkdir()
    answer = next(block for block in blocks(name, "text") if block.startswith("HTTP 200"))
    (folder / "marked.http").write_text(answer, encoding="utf-8")
    (folder / "marked.toml").write_text(toml(name)[4], encoding="utf-8")
    case = recorded.read(folder / "marked.http")
    assert (case.source, case.number) == ("acme.lookup", from_canonical("+8613800138000"))
    assert case.reply.status == 200
    assert case.known


@BOTH
def test_every_source_that_comes_with_the_program_is_listed_with_its_grade(name: str) -> None:
    listed = {
        source: cells[3].strip()
        for line in prose(name).splitlines()
        if len(cells := line.split("|")) == 6 and len(cells[3].strip()) == 1
        for source in re.findall(r"`([a-z0-9_]+\.[a-z0-9_]+)`", cells[1])
    }
    packs = [tomllib.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "config" / "platforms").glob("*.toml")]
    assert listed == {source["id"]: source["grade"] for pack in packs for source in pack.get("source", [])}
