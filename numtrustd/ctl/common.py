"""What every command has: `--json`, `--wide`, `--socket` and `--lang`, and the options that several share."""

import os
import pwd
import re
from collections.abc import Callable
from datetime import datetime
from functools import update_wrapper
from typing import Any, TypeVar

import click

from numtrustd.ctl import lang
from numtrustd.ctl.lang import tr
from numtrustd.ctl.session import Session
from numtrustd.ctl.speak import Command, Examples

F = TypeVar("F", bound=Callable[..., Any])

COMMON_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--json", "as_json", is_flag=True, help="Machine-readable output."),
    click.option("--wide", is_flag=True, help="All columns of tables, wider than the terminal."),
    click.option("--socket", metavar="PATH", help="Talk to this socket."),
    click.option(
        "--lang",
        type=click.Choice(lang.SPEAKS),
        expose_value=False,  # `cli` has looked for it before anything was parsed
        help="The language of what people read; that of the locale if left out.",
    ),
)
"""Accepted before and after the verb."""


def command(
    group: click.Group, name: str | None = None, *, help: str | None = None, examples: Examples = ()
) -> Callable[[F], F]:
    """Register a function as a command of `group`; it gets a `Session` as its first argument. `examples` are command
    lines without the program's name, and what each does.
    """

    def register(function: F) -> F:
        def run(
            context: click.Context, /, *args: Any, as_json: bool, wide: bool, socket: str | None, **kwargs: Any
        ) -> None:
            above = context.find_root().params
            session = Session(
                as_json=as_json or above.get("as_json", False),
                socket=socket or above.get("socket"),
                wide=wide or above.get("wide", False),
            )
            context.find_root().obj = session
            function(session, *args, **kwargs)

        update_wrapper(run, function)  # brings the options that the function was decorated with, so first
        wrapped: Callable[..., Any] = click.pass_context(run)
        for option in reversed(COMMON_OPTIONS):
            wrapped = option(wrapped)
        made = click.command(name or function.__name__.rstrip("_"), cls=Command, help=help, examples=examples)(wrapped)
        group.add_command(made)
        return function

    return register


def author_option(function: F) -> F:
    """`--author`: who says so. The daemon cannot always know, so it is told."""
    return click.option(
        "--author", metavar="NAME", default=_login, show_default="you", help="Who says so, for the record."
    )(function)


def _login() -> str:
    if sudoer := os.environ.get("SUDO_USER"):
        return sudoer
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


class _Instant(click.ParamType[datetime]):
    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            # A time without an offset is the reader's own, as it is wherever times are printed.
            return datetime.fromisoformat(value).astimezone()
        except (ValueError, OverflowError):
            why = tr("{value!r} is not a time: write 2026-05-01, 2026-05-01T18:00 or 2026-05-01T18:00:00+08:00")
            self.fail(why.format(value=value), param, ctx)


_SPAN = re.compile(r"(?:\d+(?:\.\d+)?[smhdw])+")
_SPAN_PART = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}


class Span(click.ParamType[float]):
    """A length of time as the settings write it, in seconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        seconds = sum(float(n) * _SECONDS[unit] for n, unit in _SPAN_PART.findall(value))
        if not _SPAN.fullmatch(value) or not seconds:
            self.fail(tr("{value!r} is no length of time: write 90m, 2h, 3d or 1d12h").format(value=value), param, ctx)
        return seconds


def instant_option(name: str, *, help: str) -> Callable[[F], F]:
    """An option that takes a point in time."""
    return click.option(name, type=_Instant(), metavar="TIME", help=help)
