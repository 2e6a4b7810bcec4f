"""Both sockets of the real daemon through clients that are not ours: PyPI's `varlink`, and systemd's `varlinkctl`."""

import gc
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import varlink  # type: ignore[import-untyped]  # ships no types

from numtrustd.api import CONTROL, STATUS
from tests.processes import Process, daemon, platforms, until
from tests.test_daemon_process import CONFIG

pytestmark = [
    pytest.mark.process,
    # That client leaves its sockets to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"),
]

S, C = STATUS.name, CONTROL.name
NUMBERS = ("+8613910000007", "+862151288888", "95588")
UNPACKED = Path(__file__).parent.parent.parent / ".tools" / "varlinkctl"
"""Where `.ci/varlinkctl` unpacks a systemd that has one (255 and later), where this machine's own has not."""


class World:
    """The daemon and its sockets."""

    def __init__(self, process: Process, root: Path) -> None:
        self.process, self.root = process, root
        self.status, self.control = root / "status.sock", root / "control.sock"

    def call(self, path: Path, method: str, **parameters: Any) -> Any:
        """One answer; the list of them with `_more`."""
        interface, _, name = method.rpartition(".")
        with varlink.Client(address=f"unix:{path}") as client, client.open(interface) as connection:
            answer = getattr(connection, name)(**parameters)
            return list(answer) if "_more" in parameters else answer


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    simulated, address = platforms("--seed", "1", "--exit-with-parent")
    with tempfile.TemporaryDirectory(prefix="nt-") as name:
        root = Path(name)
        (root / "numbers.csv").write_text("number\n" + "".join(f"{n}\n" for n in NUMBERS))
        config = root / "numtrustd.toml"
        config.write_text(CONFIG.format(address=address))
        process = daemon(config, "--init")
        try:
            process.wait_for("daemon.ready")
            made = World(process, root)
            assert until(lambda: made.call(made.status, f"{S}.GetStatus")["clean"] == 3, 20.0)
            yield made
            assert process.end() == 0
        finally:
            process.close()
            simulated.close()
            gc.collect()


def failure(world: World, path: Path, method: str, **parameters: Any) -> tuple[str, dict[str, Any]]:
    """The declared error of a call that is refused: its name and its parameters."""
    with pytest.raises(varlink.VarlinkError) as caught:
        world.call(path, method, **parameters)
    return caught.value.error(), caught.value.parameters()


# ------------------------------------------------------------------------------------------------------- the library


@pytest.mark.parametrize(("socket", "offered"), [("status", [STATUS]), ("control", [STATUS, CONTROL])])
def test_everything_that_is_there_is_described(world: World, socket: str, offered: list[Any]) -> None:
    with varlink.Client(address=f"unix:{getattr(world, socket)}") as client:
        assert {str(i) for i in client.get_interfaces()} == {"org.varlink.service", *(spec.name for spec in offered)}
        assert client.info["product"] == "numtrustd"
        for spec in offered:
            interface = client.get_interface(spec.name)
            described = interface.get_description()
            assert {m.name for m in spec.methods} <= set(interface.members)
            assert {e.__name__ for e in spec.errors} <= set(interface.members)
            for method in spec.methods:
                assert method.doc.splitlines()[0] in described, method.name


def test_whatever_only_looks_answers_as_it_is_described(world: World) -> None:
    """That client checks each answer against the description that it was given."""
    number = NUMBERS[0]
    parameters: dict[str, dict[str, Any]] = {
        "GetNumber": {"number": number},
        "GetPlatform": {"platform": "so360"},
        "Explain": {"number": number},
        "History": {"number": number},
        "GetCalls": {"number": number},
        "CheckLink": {"text": "https://www.so.com/"},
    }
    alone = {"GetCase", "GetTask", "Watch"}
    for method in STATUS.methods:
        if method.name not in alone:
            for path in (world.status, world.control):
                answer = world.call(path, f"{S}.{method.name}", **parameters.get(method.name, {}))
                assert answer, method.name


def test_pages_follow_each_other(world: World) -> None:
    pages = world.call(world.status, f"{S}.ListNumbers", limit=1, _more=True)
    assert [row["number"] for page in pages for row in page["numbers"]] == sorted(NUMBERS)
    assert [page.get("next") for page in pages] == [*sorted(NUMBERS)[:2], None]
    first = world.call(world.status, f"{S}.ListNumbers", limit=2)
    rest = world.call(world.status, f"{S}.ListNumbers", limit=2, after=first["next"])
    assert [len(first["numbers"]), len(rest["numbers"])] == [2, 1]
    assert "next" not in rest or rest["next"] is None


def test_the_log_can_be_watched_while_somebody_acts(world: World) -> None:
    done = threading.Event()

    def act() -> None:  # again and again: that client asks only once it waits for the first answer
        while not done.wait(0.05):
            for method in ("Park", "Unpark"):
                world.call(world.control, f"{C}.{method}", number=NUMBERS[1], author="li")

    acting = threading.Thread(target=act)
    acting.start()
    try:
        with varlink.Client(address=f"unix:{world.status}") as client, client.open(S) as connection:
            seen = connection.Watch(actions=["control.acted"], _more=True)
            first, second = next(seen), next(seen)
    finally:
        done.set()
        acting.join(20.0)
    for record in (first, second):
        assert record["action"] == "control.acted"
        assert record["missed"] == 0
        assert record["fields"]["numtrust.by"] == "li"
        assert record["fields"]["event.sequence"] == record["sequence"]
    assert second["sequence"] > first["sequence"]


@pytest.mark.parametrize(
    ("socket", "method", "parameters", "error", "said"),
    [
        ("status", f"{S}.GetNumber", {"number": "110"}, f"{S}.UnknownNumber", {"number": "110"}),
        ("status", f"{S}.GetCase", {"case": "x"}, f"{S}.UnknownCase", {"case": "x"}),
        ("status", f"{S}.GetTask", {"task": "x"}, f"{S}.UnknownTask", {"task": "x"}),
        ("status", f"{S}.GetPlatform", {"platform": "x"}, f"{S}.UnknownPlatform", {"platform": "x"}),
        ("status", f"{S}.Watch", {}, "org.varlink.service.ExpectedMore", {}),
        ("status", f"{S}.ListNumbers", {"limit": 0}, "org.varlink.service.InvalidParameter", {"parameter": "limit"}),
        ("control", f"{C}.Park", {"number": "110"}, f"{C}.UnknownNumber", {"number": "110"}),
        ("control", f"{C}.Unpark", {"number": NUMBERS[0]}, f"{C}.Refused", {}),
        ("control", f"{C}.Approve", {"case": "x"}, f"{C}.UnknownCase", {"case": "x"}),
        ("control", f"{C}.TaskDone", {"task": "x"}, f"{C}.UnknownTask", {"task": "x"}),
        ("control", f"{C}.MaintenanceEnd", {"platform": "x"}, f"{C}.UnknownPlatform", {"platform": "x"}),
        (
            "control",
            f"{C}.SetLogLevel",
            {"level": "loud"},
            "org.varlink.service.InvalidParameter",
            {"parameter": "level"},
        ),
        ("control", f"{C}.TrustSource", {"source": "x"}, f"{C}.InvalidArgument", {"field": "source"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refusal_is_a_declared_error_with_what_was_wrong(
    world: World, socket: str, method: str, parameters: dict[str, Any], error: str, said: dict[str, Any]
) -> None:
    name, told = failure(world, getattr(world, socket), method, **parameters)
    assert name == error
    assert said.items() <= told.items()


def test_a_configuration_that_is_refused_is_told_with_every_problem(world: World) -> None:
    numbers = world.root / "numbers.csv"
    good = numbers.read_text()
    try:
        numbers.write_text("number\n1391000000\n")
        name, told = failure(world, world.control, f"{C}.Reload")
    finally:
        numbers.write_text(good)
    assert name == f"{C}.ConfigRejected"
    assert f"{numbers}:2:" in told["problems"][0]
    assert world.call(world.control, f"{C}.Reload")["numbers_changed"] == 0


def test_who_may_only_look_cannot_act(world: World) -> None:
    with varlink.Client(address=f"unix:{world.status}") as client, pytest.raises(varlink.InterfaceNotFound):
        client.get_interface(C)


# -------------------------------------------------------------------------------------------------------- varlinkctl


class Varlinkctl:
    """systemd's own client: `program` runs it."""

    def __init__(self, program: Sequence[str]) -> None:
        self._program = program

    def __call__(self, verb: str, socket: Path, *more: str, status: int | None = 0) -> str:
        options = [word for word in more if word.startswith("-")]
        words = [word for word in more if not word.startswith("-")]
        command = [*self._program, "--no-pager", *options, verb, f"unix:{socket}", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert status is None or done.returncode == status, done.stderr
        return done.stdout + (done.stderr if done.returncode else "")


@pytest.fixture
def varlinkctl() -> Varlinkctl:
    if (own := shutil.which("varlinkctl")) is not None:
        return Varlinkctl((own,))
    if (loader := next(UNPACKED.glob("usr/lib/*/ld-linux*"), None)) is not None:  # with its own libraries
        libraries = f"{loader.parent}:{loader.parent}/systemd"
        return Varlinkctl((str(loader), "--library-path", libraries, str(UNPACKED / "usr/bin/varlinkctl")))
    lacks = "no varlinkctl: it is part of systemd 255 and later; as root, .ci/varlinkctl unpacks one"
    if "CI" in os.environ:
        pytest.fail(lacks)
    pytest.skip(lacks)


def test_varlinkctl_reads_both_interfaces(world: World, varlinkctl: Varlinkctl) -> None:
    assert "numtrustd" in varlinkctl("info", world.control)
    assert {S, C} <= set(varlinkctl("list-interfaces", world.control).split())
    assert C not in varlinkctl("list-interfaces", world.status)
    for spec in (STATUS, CONTROL):
        described = varlinkctl("introspect", world.control, spec.name)
        for method in spec.methods:
            assert f"method {method.name}" in described


def test_varlinkctl_calls_follows_and_is_told_what_is_wrong(world: World, varlinkctl: Varlinkctl) -> None:
    told = json.loads(varlinkctl("call", world.status, f"{S}.GetStatus", "{}", "--json=short"))
    assert told["numbers"] == 3
    pages = varlinkctl("call", world.status, f"{S}.ListNumbers", '{"limit": 1}', "--more", "--json=short")
    decoded = [json.loads(page) for page in pages.replace("\x1e", "").splitlines() if page.strip()]
    assert [row["number"] for page in decoded for row in page["numbers"]] == sorted(NUMBERS)
    assert json.loads(varlinkctl("call", world.control, f"{C}.Park", f'{{"number": "{NUMBERS[2]}"}}', "--json=short"))
    refused = varlinkctl("call", world.control, f"{C}.Park", f'{{"number": "{NUMBERS[2]}"}}', status=1)
    assert f"{C}.Refused" in refused
    varlinkctl("call", world.control, f"{C}.Unpark", f'{{"number": "{NUMBERS[2]}"}}')
