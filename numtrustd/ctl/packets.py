"""`numtrustctl task show --folder`: a packet as files that are ready to be uploaded, papers included.

The daemon gives paths and never content: the papers are copied by whoever asks, with his own rights. Everything is
written beside the folder first, so that there is a whole folder or none.
"""

import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

from numtrustd.api.rows import Fact, Paper
from numtrustd.api.status import TaskView
from numtrustd.ctl import handing_in, names, render_looks
from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.lang import listed, tr
from numtrustd.ctl.render_task import APPROVE, closing, deciding, lacking, record, steps
from numtrustd.ctl.sentences import said
from numtrustd.ctl.session import Session
from numtrustd.ctl.text import dated, escape, in_dated_time
from numtrustd.domain.wording import UNSET

LETTER, FIELDS, CHECKLIST, PAPERS = "letter.txt", "fields.txt", "checklist.md", "papers"
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


class FolderError(Exception):
    """The folder was not made; says why, and what would help."""


def show(session: Session, task: TaskView, folder: Path) -> None:
    """Write the folder, and say what is in it."""
    names = write(task, folder)
    if session.as_json:
        session.write_json({"task": task.task, "folder": str(folder), "files": names})
        return
    doc = Document()
    doc.line(Cell(f"{folder}:", Tone.STRONG), tr("everything for"), Cell(task.task, Tone.STRONG))
    for name in names:
        doc.line(name, indent=2)
    for paper in task.evidence:
        if not paper.held:
            doc.line(
                Cell(
                    tr("missing: {title} ({kind})").format(title=paper.title, kind=paper.kind)
                    + (f": {said(paper.why)}" if paper.why else ""),
                    Tone.BAD,
                )
            )
    session.write(doc)


def write(task: TaskView, folder: Path) -> list[str]:
    """Make the folder; returns the names of its files. Raises `FolderError`, and leaves nothing behind then."""
    if os.path.lexists(folder):
        raise FolderError(tr("{folder}: is there already: name a folder that is not").format(folder=folder))
    papers = [(paper, _name(n, paper)) for n, paper in enumerate((p for p in task.evidence if p.held), 1)]
    texts = {FIELDS: _fields(task), CHECKLIST: _checklist(task, {p.kind: name for p, name in papers})}
    if task.letter:
        texts = {LETTER: _lines(task.letter), **texts}
    if task.reports:
        texts[render_looks.LINES] = render_looks.lines(task)
    try:
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise FolderError(
            tr("{parent}: {error}: name a folder in a directory that you may write").format(
                parent=folder.parent, error=_said(error)
            )
        ) from None
    try:
        for name, text in texts.items():
            (made / name).write_text(text, encoding="utf-8")
        if papers:
            (made / PAPERS).mkdir()
        for paper, name in papers:
            _copy(paper, made / PAPERS / name)
        made.rename(folder)
    except OSError as error:
        raise FolderError(
            tr("{folder}: {error}: nothing was written").format(folder=folder, error=_said(error))
        ) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)  # gone already where all went well
    return [*texts, *(f"{PAPERS}/{name}" for _, name in papers)]


def _copy(paper: Paper, target: Path) -> None:
    source = paper.on_file or ""
    try:
        # Never waits for a writer, should it be a pipe by now.
        with open(os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FolderError(
                    tr("{source} ({kind}): is no ordinary file: put the paper there and try again").format(
                        source=source, kind=paper.kind
                    )
                )
            with target.open("xb") as copy:
                shutil.copyfileobj(file, copy)
    except OSError as error:
        raise FolderError(
            tr(
                "{source} ({kind}): {error}: run this where the paper lies, as somebody who may read it; "
                "nothing was written"
            ).format(source=source, kind=paper.kind, error=_said(error))
        ) from None


def _said(error: OSError) -> str:
    return (error.strerror or str(error) or tr("no reason given")).lower()


def _name(n: int, paper: Paper) -> str:
    suffix = Path(paper.on_file or "").suffix
    return f"{n:02d}-{_UNFIT.sub('-', paper.kind)[:64]}{suffix if _SUFFIX.fullmatch(suffix) else ''}"


def _lines(text: str) -> str:
    """What platforms and people wrote, harmless to look at, with its own line ends."""
    return "".join(f"{escape(line)}\n" for line in text.split("\n"))


def _fields(task: TaskView) -> str:
    see = tr("(see {file})").format(file=LETTER)
    rows = [f"{handing_in.field(f.name)}: {see if f.value == task.letter else _field(f, task)}" for f in task.fields]
    where = [tr("where: {address}").format(address=task.address)] if task.address else []
    return "".join(f"{escape(row)}\n" for row in (*where, *rows))


def _field(field: Fact, task: TaskView) -> str:
    """What is handed in stays as it is; why a look is wanted, or that nothing is known, is said as elsewhere."""
    if task.numbers or field.value.startswith(UNSET):
        return in_dated_time(said(field.value))
    return handing_in.filled(field.value)


def _checklist(task: TaskView, copied: dict[str, str]) -> str:
    about = listed(task.numbers) if task.numbers else task.number
    rows = [
        f"# {tr(task.title)}: {about}, {names.name(task.platform, task.platform_name)}",
        "",
        "- " + tr("task {task}").format(task=task.task),
    ]
    rows += ["- " + tr("by {due}").format(due=dated(task.due))]
    rows += ["- " + tr("where: {address}").format(address=task.address)] if task.address else []
    rows += [f"- {in_dated_time(said(line))}" for line in task.detail if line]
    rows += ["- " + tr("the platform wrote: {words}").format(words=task.asked)] if task.asked else []
    if task.claims:
        rows += ["", "## " + tr("To make sure of"), "", *(f"- [ ] {said(claim)}" for claim in task.claims)]
    if task.steps:
        rows += [
            "",
            "## " + tr("Steps"),
            "",
            *(f"{n}. [ ] {in_dated_time(step)}" for n, step in enumerate(steps(task), 1)),
        ]
    if task.evidence:
        rows += ["", "## " + tr("Papers"), ""]
        rows += [_paper(paper, copied) for paper in task.evidence]
    if task.bring_back:
        rows += ["", "## " + tr("Bring back"), "", f"- [ ] {record(task)}"]
    rows += ["", "## " + tr("Then"), ""]
    rows += [f"- `numtrustctl {command}`" for command in _commands(task)]
    if task.reports:
        rows += ["- " + tr("write what you saw into {file}, a line for each look").format(file=render_looks.LINES)]
        rows += [f"- `{render_looks.handing_in(task)}`"]
    if task.kind in render_looks.KINDS:
        rows += ["- " + tr("the task ends {how}").format(how=render_looks.ends(task))]
    return "".join(f"{escape(row)}\n" for row in rows)


def _commands(task: TaskView) -> list[str]:
    """What ends the task, and before it what that takes."""
    return [command for _, command in deciding(task)] if task.kind == APPROVE else lacking(task) or closing(task)


def _paper(paper: Paper, copied: dict[str, str]) -> str:
    what = f"- [ ] {paper.title} ({paper.kind})"
    if not paper.held:
        return tr("{what}: MISSING").format(what=what) + (f", {said(paper.why)}" if paper.why else "")
    return f"{what}: {PAPERS}/{copied[paper.kind]}" + (
        tr(", valid until {expires}").format(expires=paper.expires) if paper.expires else ""
    )
