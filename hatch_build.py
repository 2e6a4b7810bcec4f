"""What a wheel carries besides the package: units, man pages, completions, samples, each under the prefix that it is
installed to. `pipx` and the Debian package take them from there.

A hook and not a table in pyproject.toml, because where a page goes is in its own name.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPLETIONS = {
    "bash": "share/bash-completion/completions",
    "fish": "share/fish/vendor_completions.d",
    "zsh": "share/zsh/site-functions",
}
"""Directory of completions/ → where that shell looks below a prefix."""


def shared(root: Path) -> Iterator[tuple[Path, str]]:
    """(file, where it goes below the prefix)."""
    for unit in sorted((root / "systemd").glob("*.s*")):
        if unit.suffix in (".service", ".socket"):
            yield unit, f"lib/systemd/system/{unit.name}"
    yield root / "systemd" / "numtrustd.sysusers", "lib/sysusers.d/numtrustd.conf"
    for name in ("numtrustd.toml", "numbers.csv"):
        yield root / "config" / name, f"share/doc/numtrustd/examples/{name}"
    yield root / "systemd" / "README.md", "share/doc/numtrustd/systemd.md"
    for page in sorted((root / "man").glob("*.[1-8]")):
        yield page, f"share/man/man{page.suffix[1:]}/{page.name}"
    for shell, place in COMPLETIONS.items():
        for script in sorted((root / "completions" / shell).glob("*")):
            yield script, f"{place}/{script.name}"


class Hook(BuildHookInterface):  # type: ignore[type-arg]  # its configuration is nobody's business here
    """Called by hatchling for each wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files. An editable install has them too: it is a wheel like any other."""
        build_data["shared_data"].update({str(path): where for path, where in shared(Path(self.root))})
