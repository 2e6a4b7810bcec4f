"""What a person types and reads in a real terminal: `init` with its questions, `history`, `watch`, `report`.

`top` and `number` stand in `test_ctl_top_process`.
"""

import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ctl.at_work import NUMBERS, Open, World, world_at
from tests.multiplexer import Screen, widest
from tests.processes import until

pytestmark = pytest.mark.process

BIN = Path(sys.executable).parent
CTL = f"{sys.executable} -m numtrustd.ctl"
NUMBER = next(iter(NUMBERS))
COMMANDS = itertools.count()
COLOURED = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7])(?:;\d+)*m")
STYLED = re.compile(r"\x1b\[[\d;]+m")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_at(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def terminal(world: World, tmp_path: Path) -> Iterator[Open]:
    with world.terminals(tmp_path) as make:
        yield make


def shown(screen: Screen, command: str, status: int = 0) -> str:
    """What a command leaves on an empty screen once it has ended with this status, in the lines that it wrote."""
    nth = next(COMMANDS)
    screen.type(f"clear; {command}; s=$?; echo; echo ended-{nth}-$s")
    screen.wait(rf"^ended-{nth}-\d+$")
    text = "\n".join(map(str.rstrip, screen.text(joined=True).splitlines()))
    page, found, _ = text.partition(f"\nended-{nth}-{status}\n")
    assert found, text.rstrip()
    return page


# ----------------------------------------------------------------------------------------------------------- history


def test_a_history_fits_is_coloured_and_says_how_to_go_on(terminal: Open) -> None:
    screen = terminal(80, 80)
    page = shown(screen, f"{CTL} history {NUMBER} --limit 3")
    assert widest(page) <= 80
    assert re.search(r"^WHEN +.*IN WORDS$", page, re.MULTILINE)
    assert re.search(r"^timeline$", page, re.MULTILINE)
    assert re.search(r"^(so360|sogou) +[·M?~ ]+$", page, re.MULTILINE)
    assert STYLED.search(screen.text(styles=True))
    # What it says to type is typed as it stands.
    [on] = re.findall(rf"^  numtrustctl (history \+86{NUMBER} --after \S+ --limit 3)$", page, re.MULTILINE)
    before = shown(screen, f"{CTL} {on}")
    assert re.search(r"^WHEN +.*IN WORDS$", before, re.MULTILINE)
    rows = re.compile(r"^\d\d[:-]\d\d.*$", re.MULTILINE)
    assert rows.findall(before), before
    assert not {*rows.findall(before)} & {*rows.findall(page)}, "what happened before that"


@pytest.mark.parametrize("columns", [40, 60, 132])
def test_a_history_fits_whatever_the_terminal_is(terminal: Open, columns: int) -> None:
    screen = terminal(columns, 100, NO_COLOR="1")
    for language in "en", "zh":
        page = shown(screen, f"{CTL} history {NUMBER} --limit 5 --lang {language}")
        typed = re.compile(r"^  numtrustctl .*\n", re.MULTILINE)  # in one piece, to be copied
        assert widest(typed.sub("", page)) <= columns
        assert re.search(r"^(so360|sogou) +[·M?~ ]+$", page, re.MULTILINE), page
    assert not COLOURED.search(screen.text(styles=True))


def test_a_history_that_is_piped_is_plain(terminal: Open) -> None:
    screen = terminal(60, 100)
    page = shown(screen, f"{CTL} history {NUMBER} --limit 3 | grep -c $(printf '\\033')", status=1)
    assert page.startswith("0\n")


# ------------------------------------------------------------------------------------------------------------- watch


def test_what_happens_is_watched_until_ctrl_c(terminal: Open) -> None:
    screen = terminal(100, 40)
    screen.type(f"stty -g >before; {CTL} watch; echo ended-$?; stty -g >after; cmp before after && echo SAME")
    told = screen.wait(r"daemon\.heartbeat 4 numbers, [1-4] labelled")
    assert widest(told) <= 100
    assert re.search(r"^\d\d-\d\d \d\d:\d\d:\d\d ×7200 info ", told, re.MULTILINE)
    assert STYLED.search(screen.text(styles=True))
    screen.press("C-c")
    left = screen.wait("^SAME$")
    assert "ended-130" in left
    assert "Traceback" not in left


def test_only_what_was_asked_for_is_watched(terminal: Open) -> None:
    screen, deeds = terminal(100, 40), terminal(100, 40)
    screen.type(f"{CTL} watch actor. control. --number {NUMBER}; echo ended-$?")
    # Nobody says when it listens: so something is done until it shows.
    deeds.type(f"until test -e seen; do {CTL} park {NUMBER}; {CTL} unpark {NUMBER}; done; echo over")
    screen.wait(r"actor\.parked|control\.acted")  # it may have begun to listen between the two
    told = screen.wait(r"actor\.unparked")
    assert "heartbeat" not in told
    assert "verdict" not in told
    screen.press("C-c")
    screen.wait("ended-130$")
    deeds.press("C-c")


def test_a_watch_says_so_when_the_daemon_goes(world: World, terminal: Open) -> None:
    screen = terminal(100, 40)
    screen.type(f"{CTL} watch; echo ended-$?")
    screen.wait(r"daemon\.heartbeat")
    world.stop()
    try:
        left = screen.wait(r"^ended-\d+$")
        assert "daemon.stopping" in left.replace("\n", "")
        assert re.search("systemctl status numtrustd", left), "what to do next is said"
        assert "ended-0" not in left
        assert "Traceback" not in left
    finally:
        world.start()


# ------------------------------------------------------------------------------------------------------------ report


def test_a_report_is_read_on_the_terminal_and_made_for_others(terminal: Open, tmp_path: Path) -> None:
    for columns in 80, 132:
        screen = terminal(columns, 200)
        page = shown(screen, f"{CTL} report --month 2026-03")
        assert widest(page) <= columns
        assert "2026-03" in page
        for part in "so360", "sogou":
            assert part in page.lower(), part
    assert STYLED.search(screen.text(styles=True))
    chinese = shown(screen, f"{CTL} report --month 2026-03 --lang zh")
    assert widest(chinese) <= 132
    assert re.search("[一-鿿]{4}", chinese)
    file = tmp_path / "march.html"
    done = shown(screen, f"{CTL} report --month 2026-03 --format html -o {file}")
    assert "Traceback" not in done
    assert file.read_text().lstrip().lower().startswith("<!doctype html>")
    nowhere = shown(screen, f"{CTL} report --month 2026-03 -o {tmp_path}/no/such/place", status=64)
    assert "/no/such/place: cannot be written: No such file or directory: name another file" in " ".join(
        nowhere.split()
    )
    assert widest(nowhere) <= 132
    wrong = shown(screen, f"{CTL} report --month March", status=1)
    assert "'March' is no month: write 2026-" in wrong, "what would be right is said"


def test_a_long_refusal_is_broken_between_words_and_not_within_a_command(terminal: Open) -> None:
    screen = terminal(60, 60)
    for language, asked in ("en", "did you mean sogou?"), ("zh", "是指 sogou 吗？"):
        refused = shown(screen, f"{CTL} silence add sogu --for 2h --reason x --lang {language}", status=1)
        assert widest(refused) <= 60
        rows = refused[refused.index("numtrustctl: targets") :].splitlines()
        assert len(rows) > 1
        assert all(row.startswith("  ") for row in rows[1:] if row.strip())
        assert asked in " ".join(row.strip() for row in rows)
        assert any("`numtrustctl platforms`" in row for row in rows)


# -------------------------------------------------------------------------------------------------------------- init


def test_the_questions_of_the_beginning_are_answered_with_a_slip_of_the_finger(terminal: Open, tmp_path: Path) -> None:
    screen = terminal(100, 60)
    place = tmp_path / "new"
    screen.type(f"stty -g >before; {BIN}/numtrustd init --config {place}/numtrustd.toml; echo ended-$?")
    screen.wait("Company, in whose name letters are written:$")
    screen.type("示例科技有限公司")
    screen.wait(r"Whom platforms may ask about it \(a name\):$")
    screen.type("王小明")
    screen.wait("And at which telephone:$")
    screen.type("021-51288801")
    screen.wait("Name that phones are to show:$")
    screen.type("ACNE")
    screen.wait("Numbers with commas between them or one a line, or the path of a CSV file:$")
    screen.type("138, 95588; 021 5128")
    screen.wait("'138': ", pressing="")
    screen.wait("'021 5128': ", pressing="")
    screen.wait(r"CSV file:\s*\Z")
    screen.press(*"138 0013 800x")
    screen.press("BSpace")
    screen.type("0，021-51288801")
    screen.wait(r"More numbers; an empty line if these are all:\s*\Z")
    screen.type("")
    screen.wait("Sources or platforms with commas between them:$")
    screen.type("sogu")
    screen.wait("not known: sogu")
    screen.type("sogou")
    screen.wait(r"approval\? \[Y/n\]:$")
    screen.type("maybe")
    screen.wait("invalid input")
    screen.type("y")
    end = screen.wait(r"^ended-0$")
    assert widest(end) <= 100
    assert "next:" in end
    assert re.search(r"numtrustd check|numtrustd create-state|numtrustd run", end)
    screen.type("stty -g >after; cmp before after && echo SAME")
    screen.wait("^SAME$")
    assert re.search(r"^138 0013 8000,", (place / "numbers.csv").read_text(), re.MULTILINE)
    settings = (place / "numtrustd.toml").read_text()
    assert 'name = "示例科技有限公司"' in settings
    checked = shown(screen, f"{BIN}/numtrustd check --config {place}/numtrustd.toml")
    assert "Traceback" not in checked
    # What is there is not asked for again, and not replaced.
    again = shown(screen, f"{BIN}/numtrustd init --config {place}/numtrustd.toml", status=64)
    assert f"{place}/numtrustd.toml" in again
    assert "replace with --force" in again, "before one question is asked"
    assert "Company" not in again
    assert (place / "numtrustd.toml").read_text() == settings


@pytest.mark.parametrize("key", ["C-c", "C-d"])
def test_whoever_leaves_amid_the_questions_leaves_nothing_behind(terminal: Open, tmp_path: Path, key: str) -> None:
    screen = terminal(100, 60)
    place = tmp_path / "new"
    screen.type(f"stty -g >before; {BIN}/numtrustd init --config {place}/numtrustd.toml; echo; echo ended-$?")
    screen.wait("Company, in whose name letters are written:$")
    screen.type("ACME")
    screen.wait(r"Whom platforms may ask about it \(a name\):$")
    screen.press(key)
    left = screen.wait(r"^ended-\d+$")
    assert "Traceback" not in left
    screen.type("stty -g >after; cmp before after && echo SAME")
    screen.wait("^SAME$")
    assert until(lambda: not place.exists() or not list(place.iterdir()), 5.0)
