"""Writes what is generated: under docs/ the events' reference and schema, the domain's figures and procedures, each
workflow's diagram; the client's catalogues (`catalogue`); the shells' completions (`completions`); the manual pages
(`manual`).

`make docs` runs it. The files are committed, and tests fail while one of them is stale. `appeal.md` holds a
copy of the appeal's diagram in each language, which is put in its place here too.
"""

import sys
from pathlib import Path

from docs import catalogue, completions, manual
from numtrustd import events_schema
from numtrustd.domain.workflow import mermaid
from numtrustd.domain.workflows import REGISTRY
from tests import faults, figures, procedures

DOCS = Path(__file__).parent
APPEALS = (DOCS / "appeal.md", DOCS / "appeal.zh-CN.md")
FENCE = "```mermaid\nstateDiagram-v2"
"""How the copy in a document begins; there is one."""


def with_diagram(text: str, diagram: str) -> str:
    """The document's text with its state diagram replaced by this one. `ValueError` if there is none in it."""
    start = text.index(FENCE)
    end = text.index("\n```\n", start)
    return text[:start] + "```mermaid\n" + diagram.rstrip("\n") + text[end:]


def main() -> None:
    """Write every generated document."""
    events_schema.write(DOCS)
    (DOCS / "reliability.md").write_text(faults.markdown(), encoding="utf-8")
    (DOCS / "figures.md").write_text(figures.markdown(), encoding="utf-8")
    (DOCS / "procedures.md").write_text(procedures.markdown(), encoding="utf-8")
    for name, table in REGISTRY.items():
        (DOCS / "workflows" / f"{name}.mmd").write_text(mermaid(table), encoding="utf-8")
    completions.write()
    manual.write()
    for message in catalogue.write():
        sys.stderr.write(f"no translation: {message.id!r}\n")
    for page in APPEALS:
        text = page.read_text(encoding="utf-8")
        page.write_text(with_diagram(text, mermaid(REGISTRY["appeal"])), encoding="utf-8")


if __name__ == "__main__":
    main()
