"""What the interpreter and libraries would print becomes events: only our lines go to standard error.

Stacks are plain ones: local variables, which hold numbers and keys, are never in them.
(`faulthandler` writes when nothing else can; its text stays text, and readers of the log must bear it.)
"""

import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import TextIO, TypedDict

from numtrustd.events import PythonCrashed, PythonIgnored, PythonLogged, PythonWarning
from numtrustd.log.logger import Log

LAST_WORDS = 2.0
"""Real seconds that a dying process waits for its last line to be taken."""


class ErrorFields(TypedDict):
    """The error fields of an event, to be passed as `**error_fields(error)`."""

    error_type: str
    error_message: str
    stack_trace: str


def error_fields(error: BaseException) -> ErrorFields:
    """What happened, without local variables."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - an exception whose own words fail is still to be reported
        message = "(its message cannot be made)"
    return ErrorFields(error_type=name, error_message=message, stack_trace=_stack(error))


def _stack(error: BaseException) -> str:
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())


class _Bridge(logging.Handler):
    """Python's own logging, from warnings on: a library's chatter is not the operator's business."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - a call whose arguments do not fit its format
            text = str(record.msg)
        if record.exc_info and (error := record.exc_info[1]) is not None:
            self._log.emit(PythonLogged(logger=record.name, text=text, **error_fields(error)))
        else:
            self._log.emit(PythonLogged(logger=record.name, text=text))


def install_hooks(log: Log) -> Callable[[], None]:
    """Route uncaught and ignored exceptions, warnings and Python's logging to `log`; returns how to undo it.

    The daemon never undoes it: what ends `main` is reported after everything else is closed.
    """

    def crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.start()
        log.emit(PythonCrashed(thread=threading.current_thread().name, **error_fields(error)))
        log.stop(LAST_WORDS)

    def thread_crashed(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            name = args.thread.name if args.thread else "a thread"
            log.emit(PythonCrashed(thread=name, **error_fields(args.exc_value)))

    def ignored(args: "sys.UnraisableHookArgs") -> None:
        subject = args.err_msg or (None if args.object is None else type(args.object).__qualname__)
        if args.exc_value is not None:
            log.emit(PythonIgnored(subject=subject, **error_fields(args.exc_value)))
        else:
            name = args.exc_type.__qualname__
            log.emit(PythonIgnored(subject=subject, error_type=name, error_message=""))

    def warned(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if file is not None:  # somebody asked for a text of their own
            file.write(warnings.formatwarning(message, category, filename, lineno, line))
            return
        log.emit(
            PythonWarning(
                error_type=category.__qualname__,
                error_message=str(message),
                origin_file=filename,
                origin_line=lineno,
            )
        )

    before = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning
    bridge = _Bridge(log)
    sys.excepthook, threading.excepthook, sys.unraisablehook = crashed, thread_crashed, ignored
    warnings.showwarning = warned
    logging.getLogger().addHandler(bridge)

    def undo() -> None:
        sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning = before
        logging.getLogger().removeHandler(bridge)

    return undo
