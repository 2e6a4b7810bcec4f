"""The command line of `numtrustctl`: runs a verb of `see` or `act`, and says in words and an exit status
what went wrong.

Exit statuses: 0; 1 the daemon refused; 64 usage; 69 the daemon is not there or does not answer; 77 the
socket is not for this user; 130 interrupted.
"""

import gettext
import io
import os
import sys
from collections.abc import Sequence

import click
from click.shell_completion import shell_complete

import numtrustd
from numtrustd.api import status
from numtrustd.api.control import CONTROL
from numtrustd.columns import fitted
from numtrustd.ctl import act, calls, lang, ledger, links, older, papers, reports, see, silence
from numtrustd.ctl.backups import NotHereError
from numtrustd.ctl.common import COMMON_OPTIONS, OPTIONS
from numtrustd.ctl.lang import tr
from numtrustd.ctl.packets import FolderError
from numtrustd.ctl.refusal import words
from numtrustd.ctl.report import verb as report
from numtrustd.ctl.reports import LinesRefusedError
from numtrustd.ctl.session import SOCKET_DIR, Session
from numtrustd.ctl.speak import Group
from numtrustd.ctl.text import escape
from numtrustd.varlink.client import ClientError, Denied, Disconnected, ErrorReply, NotTaken, NotThere, TimedOut

REFUSED = 1
"""The daemon refused, and said why; or a checked link is not official."""
USAGE = 64
"""The command line was not understood, or a file will not do."""
UNAVAILABLE = 69
"""The daemon is not there, or does not answer."""
NO_PERMISSION = 77
"""The socket is not for this user."""
INTERRUPTED = 130
"""Interrupted by Ctrl-C."""
BROKEN_PIPE = 141
"""Whoever read the output has gone."""

COMPLETE = "_NUMTRUSTCTL_COMPLETE"
"""By which the scripts in completions/ ask this program what may follow."""
CLICK = "click"
"""The catalogue of click's own texts, beside ours."""


@click.group(
    cls=Group,
    commands={
        **see.see.commands,
        **calls.tell.commands,
        **act.act.commands,
        **reports.tell.commands,
        **links.check.commands,
        **papers.papers.commands,
        **ledger.money.commands,
        **silence.quiet.commands,
        **report.summary.commands,
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(numtrustd.__version__, prog_name="numtrustctl", help="Show the version and exit.")
@COMMON_OPTIONS[0]
@COMMON_OPTIONS[1]
@COMMON_OPTIONS[2]
@COMMON_OPTIONS[3]
def program(as_json: bool, wide: bool, socket: str | None) -> None:
    """Look at numtrustd and tell it things, over its control sockets.

    The sockets are status.sock (look) and control.sock (act) in /run/numtrustd, or in $NUMTRUSTD_SOCKET_DIR.
    Times are those of your own time zone ($TZ); with --json they are in UTC.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # What click itself says goes by the environment alone.
    os.environ["LANGUAGE"] = lang.use(lang.wanted(given), os.environ)
    gettext.bindtextdomain(CLICK, lang.LOCALE)
    gettext.textdomain(CLICK)
    if (instruction := os.environ.get(COMPLETE)) is not None:
        return shell_complete(program, {}, "numtrustctl", COMPLETE, instruction)
    context: click.Context | None = None
    try:
        with program.make_context("numtrustctl", given) as context:
            program.invoke(context)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.UsageError as error:
        _show(error)
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except ErrorReply as error:
        return _refused(error, context)
    except (LinesRefusedError, FolderError, NotHereError) as error:
        _say(str(error))
        return REFUSED
    except ClientError as error:
        return _unreachable(error)
    except BrokenPipeError:
        # The reader (head, less) has seen enough. What is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return 0


def _say(text: str) -> None:
    click.echo(fitted(f"numtrustctl: {escape(text)}", sys.stderr), err=True)


def _show(error: click.UsageError) -> None:
    """What click says of a command line, with its long lines broken as others are."""
    shown = io.StringIO()
    error.show(shown)
    for line in shown.getvalue().splitlines():
        click.echo(fitted(line, sys.stderr), err=True)


def _refused(error: ErrorReply, context: click.Context | None) -> int:
    session = context.obj if context is not None else None
    if isinstance(session, Session) and session.as_json:
        session.write_json({"error": error.name, "parameters": error.parameters})
    told = words(error.name, error.parameters, {} if context is None else context.meta.get(OPTIONS, {}))
    if isinstance(session, Session) and (what := older.unknown(error)) is not None:
        told = _older(session, what) or told
    for line in told:
        _say(line)
    return REFUSED


def _older(session: Session, what: str) -> list[str]:
    """That the daemon is of another version, where that is why it does not know something."""
    try:
        version = session.ask(status.GetStatus()).version
    except ClientError:
        return []
    if version == numtrustd.__version__:
        return []
    said = tr("the daemon is version {version}, this program is version {own}: it does not know {what}")
    return [
        said.format(version=version, own=numtrustd.__version__, what=what),
        tr("leave that out, or restart the daemon if a newer one is installed: systemctl restart numtrustd"),
    ]


def _unreachable(error: ClientError) -> int:
    match error:
        case Denied():
            _say(
                tr(
                    "{error}: only root may, or a member of the group in [control] (numtrustd-ctl, if it names none)"
                ).format(error=error)
            )
            return NO_PERMISSION
        case NotThere():
            _say(tr("numtrustd is not there: {error}").format(error=error))
            _say(tr("if it was never set up, `numtrustd init` begins, and says what comes next;"))
            _say(tr("else start it with `systemctl start numtrustd` or `numtrustd run`,"))
            _say(
                tr(
                    "make sockets that were deleted anew with "
                    "`systemctl restart numtrustd-status.socket numtrustd-control.socket`,"
                )
            )
            _say(
                tr("or say where it is: --socket PATH, or the directory of its sockets in ${variable}").format(
                    variable=SOCKET_DIR
                )
            )
        case NotTaken():
            _say(tr("nobody took the call: numtrustd did not start, or ended before it could; nothing was carried out"))
            _say(tr("why: `systemctl status numtrustd` and `journalctl -u numtrustd -n 20`;"))
            _say(tr("what is wrong with the settings, and where: `numtrustd check`; then `systemctl start numtrustd`"))
        case _:
            _say(str(error))
            if isinstance(error, TimedOut | Disconnected) and f"{CONTROL.name}." in str(error):
                _say(tr("it may be carried out all the same: look at what has become of it before you type it again"))
            _say(tr("see how it is with `systemctl status numtrustd`, and what it says in `journalctl -u numtrustd`"))
    return UNAVAILABLE
