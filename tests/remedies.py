"""Every sentence with which numtrustd refuses something, as it stands in the source; whether it says what to do next.

A refusal is a call of one of `SAYS`. What is put into a sentence at run time shows as its expression in braces.
"""

import ast
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parent.parent / "numtrustd"

SAYS: Mapping[str, int | str] = {
    # the control methods, and what the actors answer to them
    "Refused": 0,
    "RefusedError": 0,
    "InvalidArgument": 1,
    "UnknownNumber": "why",
    "_wrong": 1,
    # the state
    **dict.fromkeys(
        (
            "StoreError", "DirectoryMissing", "DirectoryUnusable", "WrongOwner", "DatabaseMissing", "DatabaseInUse",
            "DatabaseDamaged", "SchemaNewer", "SchemaUnknown", "MigrationFailed", "MapFull", "DiskFull", "BackupFailed",
        ),
        0,
    ),
    # the sockets, the start
    "ListenError": 0,
    "InitError": 1,
    # both command lines
    **dict.fromkeys(("UsageError", "BadParameter", "ClickException"), 0),
}  # fmt: skip
"""Where the sentence stands among the arguments: its place or its name."""

NOT_OURS = ("sim/", "demo/", "http/", "channels/", "probes/", "varlink/protocol.py")
"""Where these names mean something else: what a platform says, an order not carried out, a wrong parameter."""

PASSED_ON: Mapping[str, str] = {
    "{str(error)}": "what another refusal said, which is among these or stands in `MAKERS`",
    "{a.Refused(reason)}": "a platform's own words",
    "{reason}": "a platform's own words",
    "{[str(problem) for problem in found]}": "problems of settings, each of which has its remedy in a field",
    "{[_line(problem, file) for problem in bare]}": "problems of settings, each of which has its remedy in a field",
    "{wrong}": "of `faults` and `_resolved`, in `MAKERS`",
    "{'; '.join(wrong[:SAID])}{more}": "of `call_stats.faults`, in `MAKERS`",
    "{faults[0][1]}": "of `call_stats.faults`, in `MAKERS`",
    "{_unread(picture, error)}": "a picture that cannot be read, with the remedy at its end",
    "{self._why_not(task.case, outcome)}": "in `MAKERS`",
    "{self._why_not(message.case, type(message.event).__name__.lower())}": "in `MAKERS`",
    "{self._why_not_yet(case)}": "in `MAKERS`",
    "{eyes.refusal(self._sight, owned, platform, sources)}": "in `MAKERS`",
    "{await self._look(_unfit, path, house.store.path, otherwise=hangs)}": "in `MAKERS`",
}
"""Sentences that are made elsewhere, and where."""

MAKERS = (
    ("actors/control/backup_desk.py", "_unfit"),
    ("actors/decide.py", "_why_not"),
    ("actors/control/eyes.py", "refusal"),
    ("actors/leave.py", "_why_not_yet"),
    ("domain/call_stats.py", "faults"),
    ("domain/period.py", "period"),
    ("init/answers.py", "faults"),
    ("init/files.py", "_resolved"),
    ("probes/said.py", "contradiction"),
    ("probes/report.py", "objections"),
)
"""Functions that make sentences for others to refuse with: what they return, raise or gather."""

IMPERATIVES = (
    "add|allow|approve|ask|bring|certify|chmod|choose|chown|continue|correct|create|cure|edit|end|finish|fix|"
    "force|free|give|go|grant|install|leave|look|make|mount|move|name|one|order|pass|pay|pick|point|put|raise|"
    "read|redirect|register|reload|remove|rename|reopen|repair|replace|report|restart|restore|run|save|say|see|"
    "send|set|shorten|spell|start|stop|take|tell|try|type|unpark|use|wait|withdraw|write"
)

_SAID = re.compile(
    # an order at the beginning of a clause
    rf"(?:^|[:;,(] |\bor |\band |\bthen |\bprograms )(?:{IMPERATIVES})\b|\bmust be\b"
    # a command to type, what there is to choose from, or that there is nothing to do
    r"|`[^`]+`|\{', '\.join\(|\bnothing (?:is )?left to\b"
    # a remedy that is made elsewhere
    r"|\{[^}]*(?:remedy|hint|back|known|suggest)[^}]*\}",
    re.IGNORECASE,
)


class Refusal(Struct, frozen=True):
    """One sentence at one place."""

    place: str
    kind: str
    text: str

    @property
    def helps(self) -> bool:
        """Whether it says what to do."""
        return _SAID.search(self.text) is not None


Names = Mapping[str, list[ast.expr]]
"""What the variables of a function are set to."""


def _texts(node: ast.expr, names: Names) -> Iterator[str]:
    """The forms that an expression can take, with what is only known at run time in braces."""
    match node:
        case ast.Constant(str(text)):
            yield text
        case ast.JoinedStr(parts):
            yield from map("".join, itertools.product(*(tuple(_texts(part, {})) for part in parts)))
        case ast.BinOp(left, ast.Add(), right):
            yield from map("".join, itertools.product(tuple(_texts(left, {})), tuple(_texts(right, {}))))
        case ast.IfExp(_, one, other):
            yield from _texts(one, names)
            yield from _texts(other, names)
        case ast.FormattedValue(value) if not isinstance(value, ast.Constant | ast.JoinedStr):
            yield "{" + ast.unparse(value) + "}"
        case ast.Call(ast.Name("tr"), [text, *_]) | ast.Call(ast.Attribute(text, "format")):
            yield from _texts(text, names)
        case ast.List(each):
            for one in each:
                yield from _texts(one, names)
        case ast.Name(name) if name in names:
            for one in names[name]:
                yield from _texts(one, {})
        case _:
            yield "{" + ast.unparse(node) + "}"


def _names(function: ast.AST) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign([ast.Name(name)], value) | ast.NamedExpr(ast.Name(name), value):
                found.setdefault(name, []).append(value)
    return {name: values for name, values in found.items() if name in ("why", "what", "text", "message")}


def _argument(call: ast.Call, where: int | str) -> ast.expr | None:
    if isinstance(where, int):
        return call.args[where] if len(call.args) > where else None
    return next((keyword.value for keyword in call.keywords if keyword.arg == where), None)


def _calls(tree: ast.AST, names: Names) -> Iterator[tuple[ast.Call, Names]]:
    """Every call with the variables of the function that it stands in."""
    for node in ast.iter_child_nodes(tree):
        inner = _names(node) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else names
        if isinstance(node, ast.Call):
            yield node, names
        yield from _calls(node, inner)


def refusals() -> list[Refusal]:
    """All of them, by their places."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        within = path.relative_to(ROOT).as_posix()
        if within.startswith(NOT_OURS):
            continue
        for call, names in _calls(ast.parse(path.read_text(encoding="utf-8")), {}):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            where = SAYS.get(name)
            if where is None or (text := _argument(call, where)) is None:
                continue
            each = (text for text in _texts(text, names) if text not in ("{why}", "{message}"))
            found += [Refusal(f"{within}:{call.lineno}", name, text) for text in each]
    return found


def made() -> list[Refusal]:
    """The sentences of `MAKERS`."""
    found = []
    for within, name in MAKERS:
        tree = ast.parse((ROOT / within).read_text(encoding="utf-8"))
        [function] = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
        for node in ast.walk(function):
            told: list[ast.expr] = []
            match node:
                case ast.Return(ast.Constant("")) | ast.Return(None):
                    pass
                case ast.Return(ast.Tuple([_, text])) | ast.Return(ast.JoinedStr() | ast.Constant(str()) as text):
                    told = [text]
                case ast.Call(ast.Attribute(_, "append"), [ast.Tuple([_, text])]) | ast.Yield(ast.Tuple([_, text])):
                    told = [text]
                case ast.Call(ast.Attribute(ast.Name("wrong"), "append") | ast.Name("ValueError"), [text]):
                    told = [text]
            found += [Refusal(f"{within}:{node.lineno}", name, text) for each in told for text in _texts(each, {})]
    return found
