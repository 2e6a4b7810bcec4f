"""The manual pages in man/: numtrustd(8) and numtrustctl(1) from their commands, numtrustd.toml(5) from the commented
settings in config/. `roff` writes them.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click

import numtrustd
from docs.roff import Page
from numtrustd import cli as daemon_cli
from numtrustd import exit_status
from numtrustd.ctl import cli as client_cli
from numtrustd.ctl import speak

ROOT = Path(__file__).parent.parent
SETTINGS = ROOT / "config" / "numtrustd.toml"
DATE = "2026-11-23"
"""Of the release; a page that changed by itself every day could not be held against what is made."""

_DAEMON_FILES = {
    "/etc/numtrustd/numtrustd.toml": "The settings: numtrustd.toml(5).",
    "/etc/numtrustd/numbers.csv": "The numbers, or any files that the settings name.",
    "/etc/numtrustd/platforms.d/*.toml": "Packs of your own, which override or extend the shipped ones by id.",
    "/var/lib/numtrustd": "The state. `create-state` makes it once; the daemon never does.",
    "/run/numtrustd/status.sock": "Answers who only looks.",
    "/run/numtrustd/control.sock": "Answers who acts, too: members of the group in [control], else of numtrustd-ctl.",
}
_DAEMON_ENVIRONMENT = {
    "STATE_DIRECTORY, RUNTIME_DIRECTORY, CREDENTIALS_DIRECTORY": (
        "Set by systemd: where the state, the sockets and the secrets are, unless the settings say otherwise. Without "
        "the last one secrets lie in credentials/ beside the settings."
    ),
    "NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, LISTEN_FDS, LISTEN_FDNAMES": (
        "Set by systemd: readiness, the watchdog, and sockets that it made."
    ),
    "JOURNAL_STREAM": "Set by systemd: with it, log lines carry their priority.",
}
_SIGNALS = {
    "SIGTERM, SIGINT": "Stops within seconds; no action is left half told.",
    "SIGHUP": "Reads the configuration again; a bad one is refused and leaves the running one alone.",
    "SIGUSR1": "Writes a summary of the state to the log.",
}
_CLIENT_FILES = {
    "/run/numtrustd/status.sock, /run/numtrustd/control.sock": "The sockets that it talks to: to look, and to act.",
}
_CLIENT_ENVIRONMENT = {
    "NUMTRUSTD_SOCKET_DIR": "The directory of the sockets, instead of /run/numtrustd.",
    "LC_ALL, LC_MESSAGES, LANG": "The language, unless --lang says it: the first that is set counts.",
    "TZ": "The time zone of the times that are shown.",
    "NO_COLOR": "If it is set, nothing is coloured.",
    "SUDO_USER": "Who is put on record as the author under sudo(8), unless --author says it.",
}


def statuses(module: ModuleType) -> Iterator[tuple[int, str]]:
    """The exit statuses of a module: its numbers, and the text below each."""
    body = ast.parse(inspect.getsource(module)).body
    for node, below in zip(body, [*body[1:], None], strict=True):
        match node, below:
            case (
                ast.Assign(targets=[ast.Name()], value=ast.Constant(value=int(status))),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield status, text


def _page(name: str, section: int, what: str) -> Page:
    source = f"numtrustd {numtrustd.__version__}"
    return Page(name, section, what, source=source, manual="numtrustd", date=DATE)


def _described(command: click.Command) -> str:
    return "\n\n".join(" ".join(p.split()) for p in inspect.cleandoc(command.help or "").split("\n\n"))


def _options(page: Page, command: click.Command, context: click.Context, *, common: frozenset[str]) -> None:
    for param in command.params:
        if not isinstance(param, click.Option) or common.intersection(param.opts):
            continue
        record = param.get_help_record(context)
        assert record is not None, param
        page.item(*record)


def _commands(page: Page, group: click.Group, above: click.Context, path: str, common: frozenset[str]) -> None:
    for name in sorted(group.commands):
        command = group.commands[name]
        context = click.Context(command, parent=above, info_name=name)
        typed = f"{path}{name}"
        if isinstance(command, click.Group):
            _commands(page, command, context, f"{typed} ", common)
            continue
        page.part(typed)
        pieces = [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
        page.synopsis(" ".join((typed, "[OPTIONS]", *pieces)))
        page.text(_described(command))
        _options(page, command, context, common=common)
        if command.epilog:
            what, _, line = command.epilog.partition(": ")
            page.text(f"{what}:")
            page.example(line)
        examples = command.examples if isinstance(command, speak.Command) else ()
        for line, what in examples:
            page.text(what)
            page.example(f"{above.find_root().info_name} {line}")


def _program(page: Page, name: str, program: click.Group, common: frozenset[str]) -> None:
    context = click.Context(program, info_name=name)
    page.section("Synopsis")
    page.synopsis(f"{name} [OPTIONS] COMMAND [ARGS]...")
    page.section("Description")
    page.text(_described(program))
    page.section("Options")
    page.text("Of every command, and before it:" if common else "Of the program itself:")
    _options(page, program, context, common=frozenset())
    page.item("-h, --help", "Show what a command does, and exit.")
    page.section("Commands")
    _commands(page, program, context, "", common)


def _table(page: Page, title: str, rows: dict[str, str]) -> None:
    page.section(title)
    for name, what in rows.items():
        page.item(name, what)


def _exits(page: Page, module: ModuleType) -> None:
    page.section("Exit status")
    page.item("0", "Done.")
    for status, what in sorted(statuses(module)):
        page.item(str(status), what)


def client() -> str:
    """numtrustctl(1)."""
    page = _page("numtrustctl", 1, "look at numtrustd, tell it things, and have it act")
    _program(page, "numtrustctl", client_cli.program, frozenset({"--json", "--socket", "--lang"}))
    _exits(page, client_cli)
    _table(page, "Environment", _CLIENT_ENVIRONMENT)
    _table(page, "Files", _CLIENT_FILES)
    page.section("See also")
    page.text("numtrustd(8), numtrustd.toml(5)")
    return str(page)


def daemon() -> str:
    """numtrustd(8)."""
    page = _page("numtrustd", 8, "watch how phone numbers are shown, and appeal against wrong labels")
    _program(page, "numtrustd", daemon_cli.cli, frozenset())
    _table(page, "Signals", _SIGNALS)
    _exits(page, exit_status)
    _table(page, "Environment", _DAEMON_ENVIRONMENT)
    _table(page, "Files", _DAEMON_FILES)
    page.section("See also")
    page.text("numtrustctl(1), numtrustd.toml(5), systemd(1)")
    return str(page)


# --------------------------------------------------------------------------------------------------- the settings

_KEY = re.compile(r'#?(?P<key>[a-z_0-9]+ = (?:"[^"]*"|\[[^\]]*\]|\{.*?\}|[^#\s]+))(?:\s+#\s?(?P<what>.*))?')
_TABLE = re.compile(r"#?(?P<table>\[\[?[a-z][^\]]*\]\]?)\s*")
_CONTINUED = re.compile(r"#?\s{20,}#\s+(?P<more>.*)")
_RULE = re.compile(r"# -{20,} (?P<title>.*)")


def settings() -> str:
    """numtrustd.toml(5), a line of the commented settings after the other."""
    page = _page("numtrustd.toml", 5, "settings of numtrustd")
    page.section("Description")
    lines = SETTINGS.read_text(encoding="utf-8").splitlines()
    at = lines.index("")
    _introduction(page, lines[:at])
    page.section("Settings")
    _Settings(page).read(lines[at:])
    page.section("Files")
    page.item("/etc/numtrustd/numtrustd.toml", "Read unless `--config` names another.")
    page.item("/etc/numtrustd/numtrustd.toml.d/*.toml", "Put over it in the order of their names.")
    page.section("See also")
    page.text("numtrustd(8), numtrustctl(1)")
    return str(page)


def _introduction(page: Page, lines: list[str]) -> None:
    paragraph = ""
    for line in [*lines, "#"]:
        said = line.removeprefix("#").strip()
        if line.startswith("#   "):
            command, _, what = said.partition("     ")
            page.item(command, what.strip())
        elif said:
            paragraph += f" {said}"
        elif paragraph:
            page.text(paragraph)
            paragraph = ""


class _Settings:
    """Turns lines into parts (a table of the settings), items (a key) and paragraphs (what a comment says)."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._said: list[str] = []
        self._key: tuple[str, str] | None = None

    def read(self, lines: list[str]) -> None:
        for line in lines:
            self._line(line)
        self._flush()

    def _line(self, line: str) -> None:
        if match := _RULE.fullmatch(line):
            self._flush()
            self._page.section(match["title"])
        elif self._key is not None and (match := _CONTINUED.fullmatch(line)):
            self._key = (self._key[0], f"{self._key[1]} {match['more']}")
        elif match := _TABLE.fullmatch(line.split("  #")[0]):
            said, self._said = self._said, []
            self._flush()
            self._page.part(match["table"])
            self._said = said
            self._flush()
        elif match := _KEY.fullmatch(line):
            self._flush()
            self._key = (match["key"], match["what"] or "")
        elif line.startswith("# "):
            if not self._said:
                self._flush()
            self._said.append(line.removeprefix("# "))
        elif line.strip("#").strip():
            raise ValueError(f"config/numtrustd.toml: nobody knows what to make of {line!r}")
        elif not line:
            self._flush()

    def _flush(self) -> None:
        if self._key is not None:
            self._page.item(*self._key)
            self._key = None
        if self._said:
            self._page.text(" ".join(self._said))
            self._said = []


PAGES = {"numtrustctl.1": client, "numtrustd.8": daemon, "numtrustd.toml.5": settings}


def write() -> None:
    """Write all."""
    (ROOT / "man").mkdir(exist_ok=True)
    for name, made in PAGES.items():
        (ROOT / "man" / name).write_text(made(), encoding="utf-8")
