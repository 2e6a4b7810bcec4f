"""What a wheel carries besides the package: units, man pages, completions, documents, each under the prefix that it is
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

DOCUMENTS = "share/doc/numtrustd"
READ = (
    *("README.md", "README.zh-CN.md", "CHANGELOG.md", "LICENSE", "systemd/README.md"),
    *("docs/*.md", "docs/*.json", "docs/workflows/*.mmd"),
    *("config/*.toml", "config/*.csv", "config/letters/*.txt", "config/platforms/*.toml", "pipelines/*.py"),
    *("pipelines/*/*",),
)
"""What people read, laid out as in the tree: whatever one of them names or links to is where it says."""


def shared(root: Path) -> Iterator[tuple[Path, str]]:
    """(file, where it goes below the prefix)."""
    for unit in sorted((root / "systemd").glob("*.s*")):
        if unit.suffix in (".service", ".socket"):
            yield unit, f"lib/systemd/system/{unit.name}"
    yield root / "systemd" / "numtrustd.sysusers", "lib/sysusers.d/numtrustd.conf"
    for pattern in READ:
        for file in sorted(root.glob(pattern)):
            if file.is_file():
                yield file, f"{DOCUMENTS}/{file.relative_to(root)}"
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
