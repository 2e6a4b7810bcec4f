"""`numtrustctl top` as a person has it: a real daemon on simulated platforms, a real terminal, keys and screens."""

import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ctl.at_work import Open, World, world_at
from tests.multiplexer import READY, widest
from tests.processes import until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_at(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def terminal(world: World, tmp_path: Path) -> Iterator[Open]:
    with world.terminals(tmp_path) as make:
        yield make


TOP = f"{sys.executable} -m numtrustd.ctl top --every 0.3s"


def test_a_day_at_the_screen(terminal: Open) -> None:
    screen = terminal()
    screen.type("stty -g >before; " + TOP + "; stty -g >after; cmp before after && echo SAME-$?")
    shown = screen.wait(r"^ Labelled numbers \([1-9]")
    assert widest(shown) <= 80
    assert re.search(r"^4 numbers watched · labelled [1-4] · open cases \d+", shown, re.MULTILINE)
    assert re.search(r"looks \d+\.\d/s", shown)
    assert "spent ¥0" in shown
    assert re.search(r"^ Open cases \(\d+\), next deadline first", shown, re.MULTILINE)
    assert re.search(r"^ Sources in use \(2\), trouble first", shown, re.MULTILINE)
    assert re.search(r"^so360\.onebox +ok ", shown, re.MULTILINE)
    assert re.search(r"×7200$", shown.splitlines()[0])
    assert screen.alternate

    number = screen.wait(r"^\+86\S+ +(so360|sogou)")
    first = re.search(r"^\+86\S+(?= +(so360|sogou))", number, re.MULTILINE)
    assert first is not None
    screen.press("Enter")
    page = screen.wait(rf"^number {re.escape(first[0])}")
    page = screen.wait("^PLATFORM +VERDICT")
    assert widest(page) <= 80
    assert re.search(r"^1 why it is so:", page, re.MULTILINE)
    drawn = screen.wait(r"one column is", pressing="End")  # the page grows meanwhile
    assert re.search(r"^so360 .*M", drawn, re.MULTILINE) or re.search(r"^sogou .*M", drawn, re.MULTILINE)
    screen.press("e")
    screen.wait("^why it is so: ")
    screen.press("Escape")
    screen.wait("^number ")
    screen.press("BSpace")

    screen.wait("^ Labelled numbers")
    screen.press("Tab")
    screen.press("Enter")
    screen.wait(r"^case \+86")
    screen.wait("^state ")
    screen.press("1")
    screen.wait("^number ")
    screen.press("Escape")
    screen.wait("^case ")
    screen.press("Escape")
    screen.wait("^ Labelled numbers")

    screen.press("p")
    screen.wait(r"^ Platforms \(\d+\), most labels first")
    screen.wait("^so360 +[1-4] ")
    screen.press("Enter")
    screen.wait("^platform so")
    screen.wait("^to appeal")
    screen.press("Escape")
    screen.wait(r"^ Platforms \(\d+\), most labels first")
    screen.press("Escape")
    screen.wait("^ Open cases")  # Esc with another key at once would be that key with Alt
    screen.press("?")
    screen.wait("^keys")
    screen.press("Escape")
    screen.wait("^ Open cases")
    screen.press("s")
    screen.wait(r"^ Open cases \(\d+\), by number")
    screen.press("z")
    screen.wait("^ Labelled numbers", gone=True)
    screen.press("z")
    screen.wait("^ Labelled numbers")
    screen.press("/")
    screen.press(*"nosuchthing")
    screen.wait("nothing has “nosuchthing” in it")
    screen.press("Escape")
    screen.wait("nothing has", gone=True)

    for columns, lines in ((120, 40), (60, 15), (34, 9), (80, 24)):
        screen.resize(columns, lines)
        shown = screen.wait(rf"\A(?=.{{{columns}}}$).*×7200$")
        assert widest(shown) <= columns
        assert "Labelled" in shown or "Open cases" in shown
    screen.press("q")
    left = screen.wait("^SAME-0")
    assert "Labelled" not in left
    assert not screen.alternate
    assert screen.cursor_shown
    # What the shell is asked next arrives as it was typed: no mode was left on.
    screen.type("echo all-is-$((40 + 2))")
    screen.wait("^all-is-42$")


def test_it_survives_the_daemon(world: World, terminal: Open) -> None:
    screen = terminal()
    screen.type(TOP)
    screen.wait(r"^ Labelled numbers \([1-9]")
    world.stop()
    old = screen.wait(r"^NO ANSWER for \d+")
    assert "may be old" in old.replace("\n", " ")
    assert "status.sock: No such file" in old
    assert re.search(r"^ Labelled numbers \([1-9]", old, re.MULTILINE), "what was known is still there"
    assert re.search(r"^\+86", old, re.MULTILINE)
    screen.press("Enter")
    screen.wait(r"^number \+86")
    screen.wait("^asking…")
    screen.press("Escape")
    world.start()
    screen.wait("NO ANSWER", gone=True)
    screen.wait(r"^ Labelled numbers \([1-9]")
    screen.press("C-c")
    screen.wait(f"^{READY}$")


def test_every_way_out_leaves_the_terminal_as_it_was(terminal: Open, tmp_path: Path) -> None:
    screen = terminal()
    screen.type("set -m; echo BEFORE; stty -g >before")

    def restored(status: int) -> None:
        left = screen.wait(f"^{READY}$")
        assert "BEFORE" in left
        screen.type(f"echo status-$?-{status}; stty -g >after; cmp before after && echo SAME-{status}")
        screen.wait(f"^SAME-{status}")
        screen.wait(f"^status-{status}-{status}$")
        assert not screen.alternate
        assert screen.cursor_shown

    pid = tmp_path / "pid"
    started = f'{sys.executable} -c \'import os, sys; open("{pid}", "w").write(str(os.getpid())); {{}}\''
    run = 'from numtrustd.ctl.cli import main; sys.exit(main(["top", "--every", "0.3s"]))'

    screen.type(started.format(run))
    screen.wait("^ Labelled numbers")
    process = int(pid.read_text())
    os.kill(process, signal.SIGTSTP)
    screen.wait("[Ss]topped")
    assert not screen.alternate
    screen.type("fg")
    screen.wait("^ Labelled numbers")
    screen.press("Down")
    assert screen.alternate
    os.kill(process, signal.SIGTERM)
    assert until(lambda: not Path(f"/proc/{process}").exists(), 10.0)
    restored(128 + signal.SIGTERM)

    breaks = "import numtrustd.ctl.top_view as v; v.sources = lambda *a: 1 // (len(a) - 2); "
    screen.type("clear; echo BEFORE; " + started.format(breaks + run))
    screen.wait("ZeroDivisionError")
    screen.type("clear; echo BEFORE; (exit 70)")
    restored(70)


@pytest.mark.parametrize("how", ["running", "stopped", "deaf"])
def test_it_does_not_outlive_its_terminal(terminal: Open, tmp_path: Path, how: str) -> None:
    """Nor where the signal that tells of its end does not reach it, or comes while it is being stopped."""
    screen, pid = terminal(), tmp_path / "pid"
    run = 'from numtrustd.ctl.cli import main; sys.exit(main(["top", "--every", "0.3s"]))'
    deaf = "import signal as s; s.pthread_sigmask(s.SIG_BLOCK, [s.SIGHUP]); " if how == "deaf" else ""
    screen.type(f'{sys.executable} -c \'import os, sys; open("{pid}", "w").write(str(os.getpid())); {deaf}{run}\'')
    screen.wait("^ Labelled numbers")
    process = int(pid.read_text())
    if how == "stopped":
        os.kill(process, signal.SIGTSTP)
        screen.wait("[Ss]topped")
    screen.close()
    assert until(lambda: not Path(f"/proc/{process}").exists(), 20.0)


def test_without_colours_the_words_say_it_all(terminal: Open) -> None:
    screen = terminal(term="screen-256color", NO_COLOR="1")
    screen.type(TOP)
    screen.wait(r"^ Labelled numbers \([1-9]")
    coloured = r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7])(?:;\d+)*m"
    assert not re.search(coloured, screen.text(styles=True))
    screen.press("q")
    other = terminal()
    other.type(TOP)
    other.wait(r"^ Labelled numbers \([1-9]")
    assert re.search(coloured, other.text(styles=True))


def test_a_pipe_and_a_dumb_terminal_are_told_what_to_ask_instead(terminal: Open) -> None:
    screen = terminal(100)
    screen.type(TOP + " | cat; TERM=dumb " + TOP + "; echo done-$?")
    shown = screen.wait("^done-64$")
    assert shown.count("top needs a terminal") == 2


def test_a_number_on_a_terminal_has_its_timeline_and_tables_that_fit(terminal: Open) -> None:
    screen = terminal(80, 60, NO_COLOR="1")
    screen.type(f"{sys.executable} -m numtrustd.ctl number 13900010007; echo done-$?")
    shown = screen.wait("^done-0$")
    assert "上海客服中心" in shown
    assert "timeline" in shown
    assert re.search(r"^(so360|sogou)  +[·M?~ ]+$", shown, re.MULTILINE)
    assert widest(shown) <= 80
