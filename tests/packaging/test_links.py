"""What is installed to be read leads nowhere else than to what is installed, too."""

import re
import shutil
from pathlib import Path

import pytest

from hatch_build import DOCUMENTS, shared
from tests.built import ROOT
from tests.packaging.links import dead_links


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the documents as the wheel, and with it the package, lays it out."""
    prefix = tmp_path_factory.mktemp("prefix")
    for file, place in shared(ROOT):
        (prefix / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, prefix / place)
    return prefix / DOCUMENTS


def test_every_link_of_every_document_leads_somewhere(documents: Path) -> None:
    assert {"README.md", "README.zh-CN.md", "CHANGELOG.md", "systemd/README.md", "docs/pipelines.md"} <= {
        str(file.relative_to(documents)) for file in documents.rglob("*.md")
    }
    assert dead_links(documents) == []


def test_every_file_that_is_named_for_an_administrator_is_there(documents: Path) -> None:
    named = set()
    for file in documents.rglob("*.md"):
        named |= set(re.findall(r"`((?:docs|config|systemd|pipelines)/[\w./-]*\w)`", file.read_text("utf-8")))
    assert named
    assert {name for name in named if not (documents / name).exists()} == set()


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A *heading*, here\n\n## `code` 中文（全角）\n")
    (tmp_path / "index.md").write_text(
        "[a](there.md) [b](there.md#a-heading-here) [c](gone.md) [d](there.md#gone) [e](#gone) ![f](gone.png)\n"
        "[g](https://example.com/gone) [h](../out.md) `[i](gone.md)` [j](<there.md#code-中文全角>)\n"
    )
    (tmp_path.parent / "out.md").touch()
    assert [line.partition(": ")[2] for line in dead_links(tmp_path)] == [
        "gone.md", "there.md#gone", "#gone", "gone.png", "../out.md",
    ]  # fmt: skip
