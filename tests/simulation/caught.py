"""Which seeds caught which mutant, kept beside this module so that a test need not search for them."""

import tomllib
from pathlib import Path

FILE = Path(__file__).with_name("caught.toml")
KEPT = 4
"""Seeds kept for each mutant: one may lose its bite when plans or code change."""

HEAD = """# The first seeds that caught each mutant, and by which promise.
# Written by `python -m tests.simulation --mutant all --keep`.
"""


def seeds() -> dict[str, dict[int, str]]:
    """For each mutant, seed → the promise that was broken."""
    if not FILE.exists():
        return {}
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: {int(seed): promise for seed, promise in by.items()} for name, by in found.items()}


def remember(mutant: str, found: list[tuple[int, str]]) -> None:
    """Write down what caught a mutant."""
    known = {**seeds(), mutant: dict(found)}
    lines = [HEAD]
    for name in sorted(known):
        lines.append(f"[{name}]")
        lines += [f'{seed} = "{promise}"' for seed, promise in known[name].items()]
        lines.append("")
    FILE.write_text("\n".join(lines), encoding="utf-8")
