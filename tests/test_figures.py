"""Every figure of the domain is a default that configuration can change, and changing it changes what is decided."""

import tomllib
from pathlib import Path

import pytest

from numtrustd import build
from numtrustd.actors.context import Context
from numtrustd.settings import Loaded, load, render
from tests.figures import DOMAIN, FIGURES, OURS, PACKS, Figure, markdown

ROOT = Path(__file__).parent.parent


def configured(root: Path, change: str) -> Context:
    """What the daemon works with, from a settings file that says just this."""
    root.mkdir()
    root.chmod(0o700)
    (root / "numbers.csv").write_text("number\n13800138000\n")
    (root / "platforms.d").mkdir()
    for name, pack in PACKS.items():
        (root / "platforms.d" / f"{name}.toml").write_text(pack)
    (root / "numtrustd.toml").write_text(f"[platforms]\nshipped = false\n{change}\n")
    loaded = load(root / "numtrustd.toml", {})
    assert isinstance(loaded, Loaded), render(loaded)
    return build.context(loaded, "store")


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
def test_a_figure_is_the_domains_and_can_be_changed(figure: Figure, tmp_path: Path) -> None:
    assert figure.before != figure.after
    assert figure.asks(configured(tmp_path / "default", "")) == figure.before
    assert figure.asks(configured(tmp_path / "changed", figure.change)) == figure.after


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
def test_a_change_is_one_of_the_key_and_the_shown_default_is_the_default(figure: Figure, tmp_path: Path) -> None:
    table, _, name = figure.key.rpartition(".")
    head = figure.change.splitlines()[0].strip("[]").split(".")
    assert figure.change.splitlines()[1].startswith(f"{name} = ")
    wanted = table.split(".")
    assert len(wanted) == len(head)
    assert all(want in ("ID", have) for want, have in zip(wanted, head, strict=True))
    assert tomllib.loads(f"{name} = {figure.default}")
    spelled = f"[{'.'.join(head)}]\n{name} = {figure.default}"
    assert figure.asks(configured(tmp_path / "default", spelled)) == figure.before


def test_every_figure_that_the_domain_names_is_in_the_table_and_the_table_has_no_others() -> None:
    here = {(figure.section, figure.key) for figure in FIGURES}
    named = {(section, key) for section, _, key in DOMAIN}
    assert named - here == set(), "the domain names figures that no key holds"
    assert {key for _, key in here - named} == OURS
    assert len({(section, words) for section, words, _ in DOMAIN}) == len(DOMAIN)
    # Two of one key, such as the working days of two classes of platforms, are two rows of the table.
    for section, key in named:
        rows = sum((figure.section, figure.key) == (section, key) for figure in FIGURES)
        assert rows == sum((of, at) == (section, key) for of, _, at in DOMAIN), key


def test_every_figure_stands_once() -> None:
    keys = [(figure.key, figure.says) for figure in FIGURES]
    assert len(set(keys)) == len(keys)


def test_the_document_of_figures_is_not_stale() -> None:
    path = ROOT / "docs" / "figures.md"
    assert path.read_text(encoding="utf-8") == markdown(), "run `make docs`"
