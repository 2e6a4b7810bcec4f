"""What every command has: `--json`, `--wide`, `--socket` and `--lang`, and the options that several share."""

import os
import pwd
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar

import click

from numtrustd.ctl import lang
from numtrustd.ctl.choices import Choice
from numtrustd.ctl.session import Session
from numtrustd.ctl.speak import Command, Examples

F = TypeVar("F", bound=Callable[..., Any])

OPTIONS = "numtrustctl.options"
"""Where a command's context has what each of its options is called, by the name of the parameter that it fills: that is
the field of the call, too, so that a refusal names what was typed."""

COMMON_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--json", "as_json", is_flag=True, help="Machine-readable output."),
    click.option("--wide", is_flag=True, help="All columns of tables, wider than the terminal."),
    click.option("--socket", metavar="PATH", help="Talk to this socket."),
    click.option(
        "--lang",
        type=Choice(lang.SPEAKS),
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
            context.meta[OPTIONS] = {
                param.name: max(param.opts, key=len)
                for param in context.command.params
                if isinstance(param, click.Option)
            }
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
