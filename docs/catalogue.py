"""The client's texts for translators: what is to be translated is found, put into the catalogues, and compiled.

`python -m docs.catalogue` does all of it and lists what has no translation yet (exit status 1), and so does `python -m
docs.generate`. A text that is no longer used leaves the catalogue. The texts are those in `tr`, `trn` and `word` of
numtrustd/ctl, the helps of its commands, and what the daemon says in whole sentences that never vary: the meanings of
the workflows' states, the titles of tasks, the names of facts; those with values, which `ctl.phrases` has; and the
messages of events. `click.po` beside it holds what click says by itself.
"""

import ast
import enum
import io
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from numtrustd import ctl
from numtrustd.actors.control import explain, links, views
from numtrustd.ctl import cli, happened, lang, phrases, phrases_packs, phrases_settings, speak, system_errors
from numtrustd.domain import (
    batch,
    case,
    cause,
    channel_safety,
    evidence,
    finding,
    label,
    leaving,
    ledger,
    number,
    observation,
    owned,
    platform,
    prevention,
    silence,
    task,
    workflow,
)
from numtrustd.domain.workflows import REGISTRY, certificate, incident
from numtrustd.events import CATALOGUE, ActorParked, ActorUnparked, PlatformMaintenance
from numtrustd.settings import hand_looks

CTL = Path(ctl.__file__).parent
LANGUAGES = tuple(spoken for spoken in lang.SPEAKS if spoken != "en")

_VOCABULARIES: tuple[type[enum.StrEnum], ...] = (
    batch.BatchState,
    case.ActionKind,
    case.ActionState,
    cause.CauseKind,
    certificate.PauseCause,
    channel_safety.Standing,
    evidence.PaperState,
    finding.FindingKind,
    incident.Trigger,
    label.Category,
    leaving.Reason,
    ledger.Standing,
    ledger.Way,
    ledger.What,
    number.NumberKind,
    observation.Status,
    observation.UnknownReason,
    owned.Watch,
    platform.PlatformClass,
    prevention.Habit,
    silence.Scope,
    task.TaskKind,
    task.TaskState,
    workflow.Who,
)
_MORE_WORDS = (
    # Kinds of sources, their states, and the ways of appeals; outcomes of actions; kinds of maintenance; quotas.
    *("public", "credential", "command", "report", "pushed", "batch", "fake"),
    *("ok", "off", "open", "down", "parked", "quarantined", "limited", "failing", "running"),
    *("http", "manual", "none", "sent", "done", "failed", "uncertain", "answered", "refused"),
    *("routine", "major", "policy", "industry", "data_sync", "numbers", "appeals"),
)
_REFUSALS = {"InvalidArgument", "NotReady", "Refused", "RefusedError", "UnknownNumber", "Busy"}
"""What the actors refuse with; of these, too, only sentences that never vary."""
_SENTENCES = ("explain", "explain_inspection", "explain_looks", "explain_display")
"""Modules of the actors that make `explain`'s sentences. Those that never vary are found here; `ctl.phrases` has the
others."""


class _Stable(Catalog):
    """A catalogue without dates and versions in it, which would change the files without changing a text."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Project-Id-Version", "numtrustd"),
            ("Language", str(self.locale)),
            ("Plural-Forms", self.plural_forms),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]

    @mime_headers.setter
    def mime_headers(self, headers: object) -> None:
        """What stands in a file is not taken over."""


Key = tuple[str | tuple[str, str], str | None]
"""A text (or its singular and plural), and its context."""


def texts() -> dict[Key, str]:
    """All that is to be translated, and where it comes from."""
    found: dict[Key, str] = {}
    for file, _, said, _, _ in extract_from_dir(CTL, keywords={"tr": None, "trn": (1, 2)}):
        found.setdefault((said, None), f"ctl/{file}")
    for text in _helps(cli.program):
        found.setdefault((text, None), "a command's help")
    for word in _words():
        found.setdefault((word, lang.WORD), "a word of the domain")
    for text in _fixed():
        found.setdefault((text, None), "the daemon")
    for event in CATALOGUE.values():
        found.setdefault((event.message, lang.EVENT), f"the event {event.action}")
    for text in happened.WORDS:
        found.setdefault((text, lang.EVENT), "a word in an event")
    for text in phrases.PHRASES:
        found.setdefault((text, None), "the daemon, with values")
    for text in (*phrases_settings.PHRASES, *phrases_packs.PHRASES):
        found.setdefault((text, None), "a problem of a configuration")
    for text in system_errors.SYSTEM:
        found.setdefault((text, None), "the system")
    for text in _packs():
        found.setdefault((text, None), "a platform pack")
    return found


def _helps(command: click.Command) -> Iterator[str]:
    if command.help:
        yield command.help
    for param in command.params:
        if isinstance(param, click.Option):
            yield from filter(None, (param.help, param.show_default if isinstance(param.show_default, str) else None))
    if isinstance(command, speak.Command):
        yield from (what for _, what in command.examples)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from _helps(below)


def _words() -> Iterator[str]:
    for vocabulary in _VOCABULARIES:
        yield from (member.value for member in vocabulary)
    for name, table in REGISTRY.items():
        yield name
        yield from (state.value for state in table.states)
        yield from (workflow.words_of(event) for event in table.events)
    yield from (action for action, event in CATALOGUE.items() if "number" in event.__struct_fields__)  # a history
    yield from (event.action for event in (PlatformMaintenance, ActorParked, ActorUnparked))  # so are these
    for answers in task.ANSWERS.values():
        yield from answers
    yield from (mark.value for mark in incident.MarkName)
    yield from evidence.KINDS
    yield from evidence.FINDINGS.values()
    yield from _MORE_WORDS


def _fixed() -> Iterator[str]:
    for table in REGISTRY.values():
        for row in table.rows.values():
            yield from filter(None, (row.meaning, row.then))
    yield from (case.ENDS_HOLD, case.NOT_APPROVED)
    yield from task.TITLES.values()
    yield from links.ADVICE.values()
    yield from explain.WATCHED.values()
    yield views.EVERYWHERE
    yield from (", ", "; ")  # `lang.listed`
    actors = CTL.parent / "actors"
    for node in ast.walk(ast.parse((actors / "control" / "case_facts.py").read_text(encoding="utf-8"))):
        match node:
            case ast.Tuple(elts=[ast.Constant(value=str(name)), _]) if name.islower():
                yield name
    for file in sorted(actors.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in _REFUSALS:
                    for said in (*node.args, *(keyword.value for keyword in node.keywords)):
                        if isinstance(said, ast.Constant) and " " in str(said.value):
                            yield str(said.value)
    for module in _SENTENCES:
        for node in ast.walk(ast.parse((actors / "control" / f"{module}.py").read_text(encoding="utf-8"))):
            match node:
                case ast.keyword(arg="fact" | "why" | "next", value=ast.Constant(value=str(said))) if said:
                    yield said
                case ast.Call(func=ast.Name(id="Then"), args=[ast.Constant(value=str(said)), *_]):
                    yield said


def _packs() -> Iterator[str]:
    """What the packs that come with the program say to people in English: why a source is off, what is known of a
    platform, and how to do something there.
    """
    yield from hand_looks.WHY_OFF.values()
    for file in sorted((CTL.parent.parent / "config" / "platforms").glob("*.toml")):
        pack = tomllib.loads(file.read_text(encoding="utf-8"))
        yield from (source["why_off"] for source in pack.get("source", ()) if source.get("why_off"))
        known = pack.get("platform", {})
        looks = [known.get(name, {}) for name in ("device_test", "assisted")]
        said = [known.get("seen"), known.get("data"), known.get("certification", {}).get("route")]
        said += [quota["what"] for quota in known.get("quota", ())]
        said += [line for look in looks for name in ("steps", "record") for line in look.get(name, ())]
        yield from (text for text in said if text and _ENGLISH.match(text))


_ENGLISH = re.compile(r"[^\u4e00-\u9fff]*[A-Za-z][^\u4e00-\u9fff]*$|.*(?:[a-z]{2}'? [a-z]{2}| and | or )")
"""A text without Chinese characters, or one that has English between them."""


def click_texts() -> dict[Key, str]:
    """What the installed click may say."""
    return {(said, None): "click" for _, _, said, _, _ in extract_from_dir(Path(click.__file__).parent)}


def po(language: str, domain: str) -> Path:
    """Where a catalogue lies; the compiled one lies beside it."""
    return lang.LOCALE / language / "LC_MESSAGES" / f"{domain}.po"


def read(language: str, domain: str) -> Catalog:
    """The catalogue as it stands; empty if there is none."""
    made = _Stable(locale=language, charset="utf-8")
    if (file := po(language, domain)).exists():
        for message in _messages(read_po(io.BytesIO(file.read_bytes()), locale=language)):
            made.add(message.id, message.string, user_comments=message.user_comments, context=message.context)
    return made


def merged(old: Catalog, found: dict[Key, str], *, keep: bool = False) -> Catalog:
    """The catalogue with exactly the texts found, and the translations it has; with `keep`, the others stay."""
    new = _Stable(locale=old.locale, charset="utf-8")
    held = {_key(message): message for message in _messages(old)}
    for key in sorted({*found, *(held if keep else ())}, key=str):
        text, context = key
        before = held.get(key)
        new.add(
            text,
            before.string if before is not None else ("" if isinstance(text, str) else ("",)),
            auto_comments=[found.get(key, "click")],
            user_comments=before.user_comments if before is not None else (),
            context=context,
        )
    return new


def compiled(catalogue: Catalog) -> bytes:
    """The bytes of the .mo file."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def written(catalogue: Catalog) -> bytes:
    """The bytes of the .po file."""
    out = io.BytesIO()
    write_po(out, catalogue, width=116, sort_output=True, omit_header=False)
    return out.getvalue()


def untranslated(catalogue: Catalog) -> list[Message]:
    """Texts that would come out in English."""
    return [m for m in _messages(catalogue) if not all(m.string if isinstance(m.string, tuple) else (m.string,))]


def catalogues(language: str) -> dict[str, Catalog]:
    """Both catalogues of a language as they ought to be, with the translations that there are. What another release of
    click says stays in its catalogue.
    """
    return {
        lang.DOMAIN: merged(read(language, lang.DOMAIN), texts()),
        cli.CLICK: merged(read(language, cli.CLICK), click_texts(), keep=True),
    }


def write() -> list[Message]:
    """Write all catalogues, as text and compiled; returns what has no translation."""
    lacking: list[Message] = []
    for language in LANGUAGES:
        for domain, catalogue in catalogues(language).items():
            file = po(language, domain)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(written(catalogue))
            file.with_suffix(".mo").write_bytes(compiled(catalogue))
            if domain == lang.DOMAIN:
                lacking += untranslated(catalogue)
    return lacking


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _key(message: Message) -> Key:
    return message.id, message.context


def main() -> int:
    """Write, and list what is lacking."""
    lacking = write()
    for message in lacking:
        click.echo(f"no translation: {message.id!r}", err=True)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
