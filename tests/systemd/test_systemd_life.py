"""The service in a real systemd: it is installed, starts, answers, reloads, hangs, dies, comes back and stops."""

import re

import pytest

from numtrustd.events import CATALOGUE
from tests.processes import until
from tests.systemd.installed import ASK, CONFIG, NUMBERS, OURS, PYTHON, UNIT, Installed, event

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("systemd")]


# ------------------------------------------------------------------------------------------------- the first hours


def test_the_package_installs_starts_nothing_and_says_what_is_next(installed: Installed) -> None:
    story = installed.story
    assert story["install"].status == 0, story["install"].said
    assert "systemctl start numtrustd-create-state" in story["install"].out
    assert story["active after install"].out.strip() == "inactive"
    check = story["check without numbers"]
    assert check.status == 78
    assert check.out.startswith(f"{CONFIG}:"), "the settings that came with it are sound but for the numbers"
    assert "add a row for each number you own" in check.out


def test_without_a_state_it_does_not_start_and_does_not_try_again(installed: Installed) -> None:
    story = installed.story
    assert story["start without state"].status != 0
    entries = installed.machine.journal("-u", UNIT)
    first = next(entry for entry in entries if event(entry) == "daemon.refused")
    assert "numtrustd create-state" in first["MESSAGE"]
    invocation = first["_SYSTEMD_INVOCATION_ID"]
    assert not [e for e in entries if e.get("INVOCATION_ID") == invocation and "Scheduled restart" in e["MESSAGE"]]
    assert story["create state"].status == 0, story["create state"].said
    assert story["enable"].status == 0, story["enable"].said


def test_the_unit_never_gives_up_and_feeds_a_watchdog(installed: Installed) -> None:
    machine = installed.machine
    shipped = machine.ok("cat", f"/usr/lib/systemd/system/{UNIT}")
    for line in ("RestartSec=5", "WatchdogSec=60", "Restart=always", "RestartPreventExitStatus=64 78"):
        assert f"\n{line}\n" in shipped
    wanted = {
        "StartLimitIntervalUSec": "0",
        "Restart": "always",
        "Type": "notify",
        "NotifyAccess": "main",
        "OOMPolicy": "continue",
        "LimitNOFILE": "8192",
        "LimitCORE": "0",
        "LimitAS": "infinity",
        "MemoryMax": str(2 << 30),
        "TasksMax": "256",
        "TimeoutStopUSec": "5s",
    }
    assert dict(zip(wanted, machine.show(UNIT, *wanted), strict=True)) == wanted


# ------------------------------------------------------------------------------------------------------ ready, status


def test_a_call_starts_it_and_it_is_ready_only_when_the_sockets_answer(daemon: Installed) -> None:
    machine = daemon.machine
    rows = [*OURS, *(f"139{n:08d}" for n in range(3_000))]
    machine.write(NUMBERS, "number\n" + "\n".join(rows) + "\n")
    machine.ok("systemctl", "stop", UNIT)
    assert machine.show(UNIT, "ActiveState") == ["inactive"]
    assert machine.show("numtrustd-status.socket", "ActiveState") == ["active"]
    # Connects first of all, and so starts it: the answer comes with the first moment in which the socket is served.
    answer = daemon.ask()
    assert answer["numbers"] == len(rows), "all of the configuration is loaded when it answers"
    assert until(lambda: machine.show(UNIT, "ActiveState") == ["active"], 20.0)
    ready, began = machine.show(UNIT, "ActiveEnterTimestampMonotonic", "InactiveExitTimestampMonotonic")
    assert int(began) / 1e6 < answer["at"] < int(ready) / 1e6 + 2.0, "READY came before the socket answered"


def test_while_it_starts_it_is_not_said_to_run(daemon: Installed) -> None:
    machine = daemon.machine
    machine.sh(
        f"""systemctl stop {UNIT}; systemctl start --no-block {UNIT}
        while pid=$(systemctl show -P MainPID {UNIT}); test "$pid" = 0; do sleep 0.02; done
        kill -STOP "$pid" """
    )
    held = machine.run("timeout", "1", PYTHON, "-c", ASK)
    assert held.status == 124, "nobody answers yet"
    assert machine.show(UNIT, "ActiveState", "SubState") == ["activating", "start"]
    machine.ok("kill", "-CONT", daemon.pid())
    assert daemon.ask()["numbers"] == len(OURS)
    assert until(lambda: machine.show(UNIT, "ActiveState") == ["active"], 20.0)


def test_the_status_line_is_true(daemon: Installed) -> None:
    machine = daemon.machine

    def agrees() -> bool:
        line = machine.show(UNIT, "StatusText")[0]
        found = re.fullmatch(
            r"(\d+) numbers on (\d+) of (\d+) platforms, (\d+) labelled, (\d+) open cases, (\d+) overdue looks"
            r"(?: \(up to [^()]+\))?(?:; HELD UP: .+)?",
            line,
        )
        assert found, line
        now = daemon.ask()
        # Labels and cases move on meanwhile; the numbers do not.
        assert int(found[1]) == now["numbers"] == len(OURS)
        return (int(found[4]), int(found[5])) == (now["labelled"], now["open_cases"])

    assert until(agrees, 20.0, 0.5)
    assert "numbers on" in machine.ok("systemctl", "status", UNIT)


# ------------------------------------------------------------------------------------------------------------- reload


def test_a_reload_waits_and_tells_the_truth(daemon: Installed) -> None:
    machine = daemon.machine
    before = daemon.pid()
    machine.write(NUMBERS, "number\n" + "\n".join(OURS[:-1]) + "\n")
    machine.ok("systemctl", "reload", UNIT)
    assert daemon.ask()["numbers"] == len(OURS) - 1, "it is in use when the command returns"
    shown = f"{len(OURS) - 1} numbers on "
    assert until(lambda: machine.show(UNIT, "StatusText")[0].startswith(shown), 2.0), (
        "sooner than the next regular line"
    )
    machine.write(NUMBERS, "number\n139\n")
    refused = machine.run("systemctl", "reload", UNIT)
    assert refused.status == 1, refused.said
    assert machine.show(UNIT, "ActiveState", "ReloadResult") == ["active", "exit-code"]
    rejected = [e["MESSAGE"] for e in machine.journal("-u", UNIT) if event(e) == "config.rejected"]
    assert f"{NUMBERS}:2:" in rejected[-1], "and why is in the journal"
    assert "THE CHANGED CONFIGURATION WAS REFUSED, `numtrustctl reload` says why" in machine.ok(
        "systemctl", "status", UNIT
    )
    assert daemon.ask()["numbers"] == len(OURS) - 1
    assert daemon.pid() == before


# --------------------------------------------------------------------------------------------------- what stays wrong


def test_a_broken_configuration_is_no_loop(daemon: Installed) -> None:
    machine = daemon.machine
    machine.write(CONFIG, "[daemon]\nheartbeet = 1\n")
    assert machine.run("systemctl", "restart", UNIT).status != 0
    shown = machine.show(UNIT, "ActiveState", "Result", "ExecMainStatus", "NRestarts")
    assert shown == ["failed", "exit-code", "78", "0"]
    assert "status=78/CONFIG" in machine.run("systemctl", "status", UNIT).out
    attempts = sum(event(e) == "config.rejected" for e in machine.journal("-u", UNIT))
    # A call starts it again, once: the call that it did not live to take must not do so for ever.
    called = machine.run("numtrustctl", "status", timeout=20.0)
    assert called.status == 69, called.said
    assert "did not start" in called.err
    assert "`journalctl -u numtrustd -n 20`" in called.err
    assert not until(lambda: daemon.pid() != "0", 1.0, 0.2)
    again = sum(event(e) == "config.rejected" for e in machine.journal("-u", UNIT))
    assert again == attempts + 1
    assert machine.show("numtrustd-status.socket", "ActiveState") == ["active"], "the sockets wait for better times"


# -------------------------------------------------------------------------------------------------- hanging and dying


@pytest.mark.covers("P7")
def test_a_daemon_that_hangs_is_ended_by_the_watchdog_and_loses_nothing(daemon: Installed) -> None:
    machine = daemon.machine
    daemon.dropin("watchdog", "[Service]\nWatchdogSec=4s\n")
    machine.ok("systemctl", "restart", UNIT)
    assert daemon.works(), "too few submissions to lose any"
    before = daemon.pid()
    machine.ok("systemctl", "kill", "--kill-whom=main", "--signal=STOP", UNIT)
    assert daemon.comes_back(before)
    entries = machine.journal("-u", UNIT, f"_PID={before}", "+", "_PID=1", f"UNIT={UNIT}")
    assert [e for e in entries if "Watchdog timeout" in e["MESSAGE"]]
    stack = [e["MESSAGE"] for e in entries if e.get("_PID") == before and not e["MESSAGE"].startswith("{")]
    assert any("Fatal Python error: Aborted" in line for line in stack), "where it hung is in the journal"
    daemon.nothing_is_lost()


@pytest.mark.covers("S1")
def test_a_daemon_that_is_killed_comes_back_each_time_and_loses_nothing(daemon: Installed) -> None:
    machine = daemon.machine
    for _ in range(2):
        before = daemon.pid()
        machine.ok("systemctl", "kill", "--kill-whom=main", "--signal=KILL", UNIT)
        assert daemon.comes_back(before)
    daemon.nothing_is_lost()


def test_only_systemctl_ends_it_for_good(daemon: Installed) -> None:
    before = daemon.pid()
    daemon.machine.ok("kill", before)
    assert daemon.comes_back(before), "a daemon that somebody's stray signal ended watches nothing, and nobody knows"


def test_it_stops_within_five_seconds(daemon: Installed) -> None:
    machine = daemon.machine
    machine.ok("timeout", "5", "systemctl", "stop", UNIT)
    assert machine.show(UNIT, "ActiveState", "Result", "ExecMainStatus") == ["inactive", "success", "0"]
    assert [r["event.action"] for r in daemon.said()][-1] == "daemon.stopped"


# -------------------------------------------------------------------------------------------------------- the journal


def test_the_journal_has_every_line_with_its_priority(daemon: Installed) -> None:
    machine = daemon.machine
    machine.write(NUMBERS, "number\n139\n")
    machine.run("systemctl", "reload", UNIT)  # an error among them
    entries = [e for e in machine.journal("-u", UNIT) if event(e)]
    seen: dict[str, list[int]] = {}
    priorities = set()
    for entry in entries:
        assert entry["_TRANSPORT"] == "stdout"
        assert entry["SYSLOG_IDENTIFIER"] == "numtrustd"
        assert entry["_SYSTEMD_UNIT"] == UNIT
        level = re.search(r'"log\.level":"([a-z]+)"', entry["MESSAGE"])
        assert level
        expected = {"debug": "7", "info": "6", "warn": "4", "error": "3", "fatal": "2"}[level[1]]
        assert entry["PRIORITY"] == expected, entry["MESSAGE"]
        priorities.add(expected)
        sequence = re.search(r'"event\.sequence":(\d+)', entry["MESSAGE"])
        assert sequence
        seen.setdefault(entry["_SYSTEMD_INVOCATION_ID"], []).append(int(sequence[1]))
        assert event(entry) in CATALOGUE
    assert {"6", "4"} < priorities, priorities
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seen.values()), "a line is missing"
    daemon.said()  # each of them is as the schema has it
    grave = {event(entry) for entry in machine.journal("-u", UNIT, "-p", "err", "_TRANSPORT=stdout")}
    assert "config.rejected" in grave
    assert "daemon.heartbeat" not in grave, "by priority they are told apart"
