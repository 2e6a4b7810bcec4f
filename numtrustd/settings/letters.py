"""The operator's own letters: one file for each kind in the directory of `[letters]`, checked before any is sent.

A kind without a file has the letter that is built in.
"""

import pathlib

from numtrustd.domain.letters import LETTER_NAMES
from numtrustd.settings.document import Document, Where, read_bytes
from numtrustd.settings.problem import Path, Report, dotted, suggest
from numtrustd.wire.letter import Letter, compile_letter

LARGEST = 64 << 10
"""Bytes; a form for an appeal takes a page or two."""

AT: Path = ("letters", "dir")


def read_letters(
    directory: pathlib.Path | None, place: Document, files: list[pathlib.Path], report: Report
) -> dict[str, Letter]:
    """The letters by kind; all that is wrong with them is reported at their lines."""
    if directory is None:
        return {}
    where: Where = place.where(AT)
    try:
        found = sorted(file for file in directory.iterdir() if file.suffix == ".txt")
    except OSError as error:
        what = f"cannot be read: {directory}: {(error.strerror or 'no reason given').lower()}"
        report.add(where, dotted(AT), what, "name a directory with one .txt file for each kind of letter")
        return {}
    letters = {}
    for file in found:
        files.append(file)
        kind = file.stem
        if kind not in LETTER_NAMES:
            report.add((str(file), 1), kind, "is no kind of letter", suggest(kind, sorted(LETTER_NAMES)))
            continue
        raw = read_bytes(file, report, where, dotted(AT), LARGEST)
        if raw is None:
            continue
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            report.add((str(file), line), kind, "is not UTF-8", "save it as UTF-8")
            continue
        letters[kind], wrong = compile_letter(text, LETTER_NAMES[kind])
        for line, what, remedy in wrong:
            report.add((str(file), line), kind, what, remedy)
    return letters
