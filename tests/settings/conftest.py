"""Configurations written into a temporary directory, loaded, and rendered with paths relative to it."""

import pathlib
from collections.abc import Callable

import pytest
from settings_files import CSV, MAIN, PACK, Files

from numtrustd.settings import Loaded, load, render

Tree = Callable[..., pathlib.Path]


@pytest.fixture
def tree(tmp_path: pathlib.Path) -> Tree:
    """Write files; the path of numtrustd.toml comes back."""

    def write(files: Files) -> pathlib.Path:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8", "surrogateescape"))
            file.chmod(0o600)
        return tmp_path / "numtrustd.toml"

    return write


@pytest.fixture
def problems(tree: Tree, tmp_path: pathlib.Path) -> Callable[..., str]:
    """Load files and render what is wrong, with the directory left out of every path."""

    def loaded(files: Files, env: dict[str, str] | None = None) -> str:
        result = load(tree(files), env or {})
        return "" if isinstance(result, Loaded) else render(result).replace(f"{tmp_path}/", "")

    return loaded


@pytest.fixture
def good(tree: Tree) -> Callable[..., Loaded]:
    """Load files that must be right."""

    def loaded(files: Files, env: dict[str, str] | None = None) -> Loaded:
        result = load(tree(files), env or {})
        assert isinstance(result, Loaded), render(result)
        return result

    return loaded


@pytest.fixture
def base() -> Files:
    """The least that loads: a settings file without platforms, and one number."""
    return {"numtrustd.toml": MAIN, "numbers.csv": CSV}


@pytest.fixture
def acme(base: Files) -> Files:
    """The same with the pack of a made-up platform in the operator's directory, and its secret."""
    text = MAIN + '[credentials]\ndir = "secrets"\n[company]\nname = "Example Ltd."\n'
    return base | {"numtrustd.toml": text, "platforms.d/acme.toml": PACK, "secrets/acme-key": "s3cret\n"}
