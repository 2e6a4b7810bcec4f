"""The papers that the settings name: read once for their digests, and bound to the numbers that they are about."""

import hashlib
from collections.abc import Mapping

from numtrustd.domain import number as domain_number
from numtrustd.domain.evidence import Document
from numtrustd.domain.near import near_number
from numtrustd.domain.owned import Owned
from numtrustd.settings import document
from numtrustd.settings.problem import Path, Report, dotted
from numtrustd.settings.schema import EvidenceTable, Settings


def read(
    settings: Settings, numbers: Mapping[str, Owned], place: document.Document, report: Report
) -> tuple[Document, ...]:
    """The papers with the digests of their files as they are now; their content is not kept."""
    papers = []
    for i, table in enumerate(settings.evidence):
        bound = _bound(table, i, numbers, place, report)
        at: Path = ("evidence", i, "path")
        file = document.beside(place, at, table.path)
        try:
            if not document.ordinary(file):
                report.add(place.where(at), dotted(at), f"is no ordinary file: {file}", "name the file of the paper")
                continue
            with file.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError as error:
            what = f"cannot be read: {file}: {(error.strerror or 'no reason given').lower()}"
            report.add(place.where(at), dotted(at), what, "name the file of the paper, readable by the daemon")
        else:
            paper = Document(
                table.kind,
                str(file),
                digest,
                table.expires,
                pinned=table.digest.lower(),
                agent=table.agent,
                platforms=table.platforms,
                cases=table.cases,
                numbers=bound,
            )
            papers.append(paper)
            if paper.pinned and paper.pinned != digest:
                at = ("evidence", i, "digest")
                what = f"{file} is not that file: its digest is {digest}"
                report.warn(place.where(at), dotted(at), what, "put the file back, or register this one by its digest")
    return tuple(papers)


def _bound(
    table: EvidenceTable, i: int, numbers: Mapping[str, Owned], place: document.Document, report: Report
) -> tuple[str, ...]:
    """The numbers that a paper is bound to, in their canonical form."""
    bound: dict[str, None] = {}
    for j, text in enumerate(table.numbers):
        at: Path = ("evidence", i, "numbers", j)
        parsed = domain_number.parse(text)
        if isinstance(parsed, domain_number.Problem):
            report.add(place.where(at), dotted(at), parsed.what, parsed.remedy)
            continue
        if parsed.canonical not in numbers:  # only said: a number that is given up must not keep all from starting
            meant = near_number(parsed.canonical, numbers)
            remedy = "add it to the numbers, or leave it out" if meant is None else f"did you mean {meant}?"
            report.warn(place.where(at), dotted(at), f"{parsed.canonical} is none of the numbers", remedy)
        bound[parsed.canonical] = None
    return tuple(bound)
