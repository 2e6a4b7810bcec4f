"""Builds the Debian package: the wheel in a Python environment of its own below /usr/lib/numtrustd, and what the wheel
carries for the system (units, man pages, completions) where Debian has it.

    python packaging/deb.py --wheels build/wheels --python /usr/bin/python3 --out dist

Run by `make deb`, with the wheels of everything at hand: nothing is asked of the registry here. Needs dpkg-deb and
the Python of the system for which the package is meant; compiled modules fit it alone, so its version becomes a
dependency.
"""

import argparse
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = "usr/lib/numtrustd"
"""Where the environment lies. Its programs name their interpreter by this path, so it is fixed."""

PROGRAMS = ("numtrustd", "numtrustctl")
MAINTAINER = "numtrustd <numtrustd@numtrust.invalid>"
PLACES = {
    "lib/systemd/system": "usr/lib/systemd/system",
    "lib/sysusers.d": "usr/lib/sysusers.d",
    "share/bash-completion/completions": "usr/share/bash-completion/completions",
    "share/doc/numtrustd": "usr/share/doc/numtrustd",
    "share/fish/vendor_completions.d": "usr/share/fish/vendor_completions.d",
    "share/man": "usr/share/man",
    "share/zsh/site-functions": "usr/share/zsh/vendor-completions",
}
"""Directory below a prefix, as the wheel has it → its place in Debian."""

UNUSED = ("geodata", "carrierdata", "tzdata")
"""Tables of phonenumbers that the program never loads, a quarter of all that there would be to install: left out."""


def run(*words: str | Path, cwd: Path | None = None) -> str:
    """A command's output; its own words and the end when it fails."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"deb: {words[0]} ended with status {done.returncode}")
    return done.stdout


def environment(python: Path, wheels: Path, requirement: str, home: Path) -> None:
    """A Python environment in `home` with the program in it, as it will lie in /usr/lib/numtrustd."""
    run(python, "-m", "venv", "--without-pip", "--symlinks", home)
    run(
        *(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", home / "bin" / "python3"),
        *("install", "--no-index", "--no-compile", "--find-links", wheels, requirement),
    )
    for table in UNUSED:
        [found] = home.glob(f"lib/*/site-packages/phonenumbers/{table}")
        shutil.rmtree(found)
    interpreter = f"/{HOME}/bin/python3"
    for path in sorted((home / "bin").iterdir()):
        if path.name.startswith("python"):
            if path.is_symlink() and os.readlink(path) not in ("python", "python3"):
                path.unlink()
                path.symlink_to("/usr/bin/python3")
        elif path.name in PROGRAMS:
            _, _, body = path.read_text().partition("\n")
            # Isolated: what lies in the directory of whoever calls, or in his environment, is not this program's.
            path.write_text(f"#!{interpreter} -I\n{body}")
        else:
            path.unlink()
    config = home / "pyvenv.cfg"
    kept = [line for line in config.read_text().splitlines() if line.startswith(("include-", "version"))]
    config.write_text("\n".join(["home = /usr/bin", *kept]) + "\n")


def libc(home: Path) -> str:
    """The oldest C library that every compiled module is good for, by the tags of their wheels."""
    tags = [tag for name in home.glob("lib/*/site-packages/*.dist-info/WHEEL") for tag in wheel_tags(name)]
    return ".".join(map(str, max(tags, default=(2, 28))))


def wheel_tags(path: Path) -> Iterator[tuple[int, int]]:
    """The least C library of one wheel: one with several tags is good for the oldest of them."""
    found = [(2, int(minor)) for minor in re.findall(r"manylinux_2_(\d+)_", path.read_text())]
    old = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
    found += [version for name, version in old.items() if f"-{name}_" in path.read_text()]
    if found:
        yield min(found)


def place(home: Path, tree: Path) -> None:
    """Move what the wheel carries for the system to where Debian has it."""
    for source, target in PLACES.items():
        if (home / source).is_dir():
            (tree / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(home / source, tree / target)
    for name in ("share", "lib/systemd"):
        shutil.rmtree(home / name, ignore_errors=True)
    for page in (tree / "usr/share/man").rglob("*.[1-8]"):
        squeezed = page.with_name(page.name + ".gz")
        squeezed.write_bytes(gzip.compress(page.read_bytes(), 9, mtime=0))
        page.unlink()
    (tree / "usr/bin").mkdir(parents=True)
    for name in PROGRAMS:
        (tree / "usr/bin" / name).symlink_to(f"/{HOME}/bin/{name}")
    documents = tree / "usr/share/doc/numtrustd"
    shutil.copy(ROOT / "LICENSE", documents / "copyright")
    (documents / "changelog.gz").write_bytes(gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), 9, mtime=0))
    settings = tree / "etc/numtrustd"
    settings.mkdir(parents=True)
    shutil.copy(ROOT / "config" / "numtrustd.toml", settings)
    shutil.copy(ROOT / "config" / "numbers.empty.csv", settings / "numbers.csv")


def describe(tree: Path, project: dict[str, str], python: tuple[int, int]) -> str:
    """DEBIAN/: what dpkg has to know. Returns the package's file name."""
    architecture = run("dpkg", "--print-architecture").strip()
    size = sum(path.lstat().st_size for path in tree.rglob("*")) // 1024 + 1
    control = tree / "DEBIAN"
    control.mkdir()
    text = (ROOT / "packaging" / "debian" / "control").read_text()
    filled = text.format(
        version=project["version"],
        architecture=architecture,
        maintainer=MAINTAINER,
        size=size,
        python="{}.{}".format(*python),
        next_python=f"{python[0]}.{python[1] + 1}",
        libc=libc(tree / HOME),
        summary=project["description"].split(",")[0],
    )
    (control / "control").write_text(filled)
    conffiles = sorted(path for path in (tree / "etc").rglob("*") if path.is_file())
    (control / "conffiles").write_text("".join(f"/{path.relative_to(tree)}\n" for path in conffiles))
    for name in ("postinst", "prerm", "postrm"):
        shutil.copy(ROOT / "packaging" / "debian" / name, control)
        (control / name).chmod(0o755)
    return f"numtrustd_{project['version']}_{architecture}.deb"


def main() -> None:
    """Build the package and print its path."""
    parser = argparse.ArgumentParser(description="build the Debian package")
    parser.add_argument("--wheels", type=Path, required=True, help="the directory with the wheels of everything")
    parser.add_argument("--python", type=Path, default=Path("/usr/bin/python3"), help="the system's interpreter")
    parser.add_argument("--out", type=Path, default=Path("dist"), help="where the package goes")
    given = parser.parse_args()
    if not shutil.which("dpkg-deb"):
        sys.exit("deb: there is no dpkg-deb on this machine: build on Debian, or install dpkg")
    if not os.access(given.python, os.X_OK):
        sys.exit(f"deb: {given.python} is not there: install python3, or name the system's interpreter")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    major, minor = map(int, run(given.python, "-c", "import sys; print(*sys.version_info[:2])").split())
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        tree.mkdir(mode=0o755)
        home = tree / HOME
        home.parent.mkdir(parents=True)
        environment(given.python, given.wheels.resolve(), f"numtrustd=={project['version']}", home)
        place(home, tree)
        # Nobody may write them later. By content, not by time: the package's files have one time for all.
        run(
            *(given.python, "-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash"),
            *("-s", tree, "-p", "/", home / "lib"),
        )
        run("chmod", "-R", "u=rwX,go=rX", tree)
        (tree / "etc/numtrustd").chmod(0o755)
        name = describe(tree, project, (major, minor))
        given.out.mkdir(parents=True, exist_ok=True)
        run("dpkg-deb", "--root-owner-group", "-Zzstd", "-z3", "--build", tree, given.out / name)
    print(given.out / name)


if __name__ == "__main__":
    os.umask(0o022)
    main()
