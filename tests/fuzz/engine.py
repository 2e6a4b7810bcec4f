"""The fuzzing process: atheris, with this project's modules instrumented as they are imported.

`python -m tests.fuzz.engine TARGET SEEDS [libFuzzer's options and directories]`; `__main__` beside this starts it.
Nothing of the project may be imported before it is instrumented, so the seeds, for which targets import much, are
written here, into the directory SEEDS.
"""

import hashlib
import importlib
import pathlib
import sys
import time

import atheris

INSTRUMENTED = ["numtrustd", "tests.fuzz", "jmespath", "lmdb.verify"]


def main(arguments: list[str]) -> None:
    """Never returns: libFuzzer exits with 0, or with 77 for an input that raised."""
    name, seeds, *options = arguments
    began = time.perf_counter()
    with atheris.instrument_imports(include=INSTRUMENTED):
        target = importlib.import_module(f"tests.fuzz.target_{name}")
        corpus = importlib.import_module("tests.fuzz.corpus")
    for data in corpus.stored(name):
        (pathlib.Path(seeds) / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    print(f"ready in {time.perf_counter() - began:.1f} s", file=sys.stderr)
    atheris.Setup([f"tests.fuzz {name}", *options, seeds], target.one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
