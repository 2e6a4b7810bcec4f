"""click's commands in the reader's language: helps are looked up when they are put out, and lines are broken by how
wide characters are. `common` makes every command of the program one of these.
"""

import copy
import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from numtrustd.ctl.lang import tr
from numtrustd.domain.display import width

Examples = Sequence[tuple[str, str]]
"""Command lines without the program's name, and what each does."""

_HAN = r"\u2e80-\u3000\u3003-\u9fff\uf900-\ufaff"
_STOPS = "\u3001\u3002，：；？！）」》”…"
_PIECE = re.compile(rf"(?:[{_HAN}]|[^\s{_HAN}{_STOPS}]+)[{_STOPS}]*|[{_STOPS}]+|\s+")
_GAP, _LONGEST_NAME = 2, 30


def wrapped(text: str, columns: int) -> list[str]:
    """A paragraph in lines of at most so many columns. Chinese may be broken between any two characters, but not
    before a full stop or the like.
    """
    lines, line = [], ""
    for piece in _PIECE.findall(text):
        if line and width(line) + width(piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        line += " " if piece.isspace() and line else piece.strip()
    return [*lines, line.rstrip()] if line.strip() else lines


class Formatter(click.HelpFormatter):
    """Lays out by columns of the terminal, not by characters."""

    def write_text(self, text: str) -> None:
        columns = max(self.width - self.current_indent, 11)
        for index, paragraph in enumerate(text.split("\n\n")):
            if index:
                self.write("\n")
            for line in wrapped(paragraph, columns):
                self.write(f"{'':>{self.current_indent}}{line}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = _LONGEST_NAME, col_spacing: int = _GAP) -> None:
        rows = list(rows)
        names = min(max((width(name) for name, _ in rows), default=0), col_max) + col_spacing
        columns = max(self.width - names - self.current_indent, 10)
        for name, text in rows:
            self.write(f"{'':>{self.current_indent}}{name}")
            lines = wrapped(text, columns)
            if not lines:
                self.write("\n")
                continue
            if width(name) <= names - col_spacing:
                self.write(" " * (names - width(name)))
            else:
                self.write(f"\n{'':>{names + self.current_indent}}")
            self.write(lines[0] + "\n")
            for line in lines[1:]:
                self.write(f"{'':>{names + self.current_indent}}{line}\n")


class Context(click.Context):
    """Formats with `Formatter`."""

    formatter_class = Formatter


class Command(click.Command):
    """A command whose help is in the reader's language and shows examples."""

    context_class = Context

    def __init__(self, *args: Any, examples: Examples = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # As it is in the catalogue: one line a paragraph.
        self.help = "\n\n".join(" ".join(p.split()) for p in inspect.cleandoc(self.help or "").split("\n\n"))
        self.examples = tuple(examples)

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first sentence, whole: `Formatter` breaks it where the line ends."""
        first = tr(self.help).partition("\n\n")[0]
        return re.split(r"(?<=[。])|\.(?:\s|$)", first, maxsplit=1)[0].rstrip("。")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Options and commands with their helps in the reader's language."""
        items = super().shell_complete(ctx, incomplete)
        for item in items:
            item.help = tr(item.help)
        return items

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(tr(self.help))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = (param for param in self.get_params(ctx) if isinstance(param, click.Option))
        rows = [record for option in options if (record := _spoken(option).get_help_record(ctx))]
        if rows:
            with formatter.section(tr("Options")):
                formatter.write_dl(rows)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if not self.examples:
            return
        program = ctx.find_root().info_name
        with formatter.section(tr("Examples")):
            for line, what in self.examples:
                formatter.write(f"{'':>{formatter.current_indent}}{program} {line}\n")
                with formatter.indentation():
                    formatter.write_text(tr(what))


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command
    group_class = type

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, self.commands[name].get_short_help_str()) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section(tr("Commands")):
                formatter.write_dl(rows)


def _spoken(option: click.Option) -> click.Option:
    """The option with its help in the reader's language."""
    spoken = copy.copy(option)
    # click makes this one itself, and keeps it: its text is that of the first language that asked for it.
    spoken.help = tr("Show this message and exit.") if "--help" in option.opts else tr(option.help)
    if isinstance(option.show_default, str):
        spoken.show_default = tr(option.show_default)
    return spoken
