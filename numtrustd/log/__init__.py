"""Log lines: the daemon's only output.

`Log` turns events of the catalogue into lines and never blocks or raises; `writer` is the thread that hands
them to standard error, `guard` keeps secrets and control characters out of them, `console` renders them for
eyes, `hooks` makes the interpreter's own complaints events too.
"""

from numtrustd.log.hooks import error_fields, install_hooks
from numtrustd.log.logger import Log, Sink, Style, Tap, in_journal
from numtrustd.log.writer import Writer

__all__ = ["Log", "Sink", "Style", "Tap", "Writer", "error_fields", "in_journal", "install_hooks"]
