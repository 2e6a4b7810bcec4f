"""The shipped files with one key spoilt at a time: never a traceback, and what is said names the place.

Each key that a shipped file has anywhere is deleted, given a neighbour that nobody knows, a value of a type that no
key has, an empty value and a huge one. Every such file is either refused at the right line, or what comes out of it
can be used: requests are made from it, answers are read with it.
"""

import datetime
import pathlib
import re
import tomllib
from collections.abc import Iterator

import pytest
from settings_files import PACK
from toml_mutants import Path, Table, at, changed, paths, without, write

from numtrustd import build
from numtrustd.channels import answer
from numtrustd.channels.spec import LOOK_UP_NAMES, QUERY_NAMES, SUBMIT_NAMES, HttpChannel
from numtrustd.domain.case import ActionKind
from numtrustd.domain.number import Number, parse
from numtrustd.probes.batch import BatchSpec
from numtrustd.probes.collect import submitted
from numtrustd.probes.extract import extract
from numtrustd.settings import Loaded, Problem, load
from numtrustd.wire.exchange import Reply
from numtrustd.wire.template import NUMBER_LIST, moment_values, number_values

CONFIG = pathlib.Path(__file__).parents[2] / "config"

NOON = datetime.time(12)
"""A value that no key takes."""
HUGE = 10**30

FREE = {
    ("platform", "words"),
    ("vars",),
    ("appeal", "manual", "fields"),
    ("source", 0, "request", "headers"),
    ("source", 0, "request", "json"),
    ("source", 0, "request", "form"),
    ("source", 0, "request", "multipart", "fields"),
    ("source", 0, "request", "cipher"),
    ("source", 0, "views"),
    ("appeal", "http", "submit", "request", "headers"),
    ("appeal", "http", "submit", "request", "json"),
    ("appeal", "http", "submit", "views"),
}
"""Tables whose keys the author chooses."""

ALIKE: dict[str | int, str] = {"guard": "rule", "query": "submit", "look_up": "submit"}

LEANT_ON = {"id", "official_hosts", "vars", "views", "steps", "do", "of", "reading", "request", "view", "callback"}
"""What is spoilt in one of these may show where it is used."""
NAMED = {("group",), ("platforms", "dirs"), ("platforms", "dirs", 0), ("http",), ("http", "ways")}
"""What is missing here is missed by those who name what was in it."""

NUMBERS = {
    number.kind: number
    for number in map(parse, ("13800138000", "021-51288888", "4008101234", "95588", "10086", "+14155552671"))
    if isinstance(number, Number)
}
BODIES = (b"", b"{}", b"[1]", b'{"code": 0, "data": {"x": null}}', b"<html><body><p class=x>1</p></body></html>")
NAMES = {ActionKind.SUBMIT: SUBMIT_NAMES, ActionKind.QUERY: QUERY_NAMES, ActionKind.LOOK_UP: LOOK_UP_NAMES}


def packs() -> Iterator[Table]:
    """Every shipped pack in parts, each a pack of its own: the facts, the appeal by one way of each call, each source
    by itself and switched on."""
    for file in sorted((CONFIG / "platforms").glob("*.toml")):
        pack = tomllib.loads(file.read_text(encoding="utf-8"))
        platform = pack["platform"]
        yield {"platform": platform}
        known = {key: platform[key] for key in ("id", "name", "class", "official_hosts") if key in platform}
        bare = {"platform": known, "vars": {name: value or "x.example" for name, value in pack.get("vars", {}).items()}}
        if (appeal := pack.get("appeal")) is not None:
            http = {key: value for key, value in appeal.get("http", {}).items() if key not in ("query", "look_up")}
            yield bare | {"appeal": appeal | ({"http": http} if http else {})}
        for source in pack.get("source", []):
            yield bare | {"source": [source | {"enabled": True}]}


def alike(path: Path) -> Path:
    """The same for all paths that mean the same: rows, freely chosen keys, and tables of one type are like another."""
    return tuple(
        "*" if isinstance(part, int) or path[:i] in FREE or (i and path[i - 1] in ("views", "cipher")) else part
        for i, part in enumerate(ALIKE.get(part, part) for part in path)
    )


def kinds(path: Path, value: object) -> Iterator[str]:
    """How a value may be spoilt."""
    yield from ("deleted", "wrong")
    match value:
        case dict():
            yield from ("unknown", "text")
        case list() | str():
            yield "empty"
        case bool():
            pass
        case int() | float():
            yield from ("huge", "negative")


def spoilt(data: Table, path: Path, kind: str) -> tuple[Table, Path]:
    """The file, and the path of the fault in it."""
    match kind:
        case "deleted":
            return without(data, path), path
        case "unknown":
            return changed(data, (*path, "zzz"), 1), (*path, "zzz")
        case "wrong" | "text":
            return changed(data, path, NOON if kind == "wrong" else "x"), path
        case "huge" | "negative":
            return changed(data, path, HUGE if kind == "huge" else -1), path
        case _:
            return changed(data, path, type(at(data, path))()), path


def mutants(files: Iterator[Table]) -> Iterator[tuple[Table, Path, str]]:
    """Each key once, in the smallest file that has it."""
    smallest: dict[Path, tuple[int, Table, Path]] = {}
    for data in files:
        found = list(paths(data))
        for path in found:
            known = smallest.get(alike(path))
            if known is None or len(found) < known[0]:
                smallest[alike(path)] = (len(found), data, path)
    for _, data, path in smallest.values():
        for kind in kinds(path, at(data, path)):
            yield data, path, kind


class Bench:
    """A directory in which one file is spoilt again and again."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        (directory / "platforms.d").mkdir()
        (directory / "secrets").mkdir()
        (directory / "numbers.csv").write_text("number\n13800138000\n")
        self.main = directory / "numtrustd.toml"
        self.main.write_text('[platforms]\nshipped = false\n[credentials]\ndir = "secrets"\n')

    def load(self, data: Table, file: pathlib.Path) -> tuple[Loaded | list[Problem], dict[Path, int]]:
        text, lines = write(data)
        file.write_text(text, encoding="utf-8")
        return load(self.main, {}), lines

    def stubs(self, names: set[str]) -> None:
        """Packs of these platforms that say nothing else, in place of those before."""
        for file in (self.directory / "platforms.d").iterdir():
            file.unlink()
        for name in names:
            text = f'[platform]\nid = "{name}"\nname = "x"\nclass = "carrier"\n'
            (self.directory / "platforms.d" / f"{name}.toml").write_text(text)

    def secret(self, name: str) -> None:
        file = self.directory / "secrets" / name
        file.write_text("0123456789abcdef")
        file.chmod(0o600)


@pytest.fixture
def bench(tmp_path: pathlib.Path) -> Bench:
    return Bench(tmp_path)


def use(loaded: Loaded) -> None:
    """Make every request once, and read a few answers with every rule."""
    build.context(loaded, "store")
    build.bound_sources(loaded)
    build.bound_channels(loaded)
    for name, source in loaded.sources.items():
        if source.batch is not None:
            use_batches(loaded, name, source.batch)
        else:
            template = build.look_template(loaded, name)
            for kind in source.kinds:
                template.fill({**number_values(NUMBERS[kind]), **moment_values(1.7e9, "n")})
        for body in BODIES:
            extract(source, NUMBERS[source.kinds[0]], Reply(200, (), body), 1.7e9, {}, ("1",))
    for name, channel in loaded.channels.items():
        if isinstance(channel, HttpChannel):
            calls = {ActionKind.SUBMIT: channel.submit, ActionKind.QUERY: channel.query}
            for kind, template in build.call_templates(loaded, name, channel).items():
                values = dict.fromkeys(NAMES[kind], "1")
                template.fill({**values, **moment_values(1.7e9, "n")})
                if (call := calls.get(kind)) is not None:
                    for body in BODIES:
                        answer.answer(call, Reply(200, (), body), values, 1.7e9)


def use_batches(loaded: Loaded, name: str, batch: BatchSpec) -> None:
    """The same of a source that takes batches."""
    values = dict.fromkeys(("numbers", NUMBER_LIST, "ref", "task"), "1")
    for call, template in build.batch_templates(loaded, name).items():
        template.fill({**values, **moment_values(1.7e9, "n")})
        if (asked := {"submit": batch.submit, "look_up": batch.look_up}.get(call)) is not None:
            for body in BODIES:
                submitted(asked, Reply(200, (), body), "1")


def near(path: Path, lines: dict[Path, int]) -> set[int]:
    """The lines of a path, of what holds it, and of its neighbours."""
    inside = path[:-1]
    found = {lines[path[:n]] for n in range(1, len(path) + 1) if path[:n] in lines}
    return found | {line for other, line in lines.items() if other[: len(inside)] == inside and inside}


def faults(result: list[Problem], file: pathlib.Path, path: Path, kind: str, lines: dict[Path, int]) -> Iterator[str]:
    """What is wrong with what is said of one spoilt key."""
    said = sorted({(problem.file, problem.line) for problem in result})
    place = (str(file), next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), 1))
    if any(problem.file != str(file) for problem in result):
        yield "another file"
    elif "json" in path[:-1] and "request" in path:  # any value may stand in a body; that a placeholder is gone shows
        auth = (*path[: path.index("request") + 1], "auth")  # whose {sign} then stands nowhere
        if not {line for _, line in said} <= near(path, lines) | near((*auth, "of"), lines):
            yield f"not near line {place[1]}"
    elif kind in ("wrong", "text", "unknown"):
        if len(result) != 1 or said != [place]:
            yield f"not once, at line {place[1]}"
    elif path in NAMED or path[:2] == ("http", "ways") or LEANT_ON.intersection(path):
        return
    elif not {line for _, line in said} <= near(path, lines) | {1}:
        yield f"not near line {place[1]}"


def said_badly(bench: Bench, data: Table, path: Path, kind: str, file: pathlib.Path) -> list[object]:
    """Spoil one key, load, and use what comes out of it; what is wrong with what is said."""
    other, fault = spoilt(data, path, kind)
    result, lines = bench.load(other, file)
    if isinstance(result, Loaded):
        use(result)
        return []
    return [(what, kind, path, *map(str, result)) for what in faults(result, file, fault, kind, lines)]


def test_a_pack_with_one_key_spoilt(bench: Bench) -> None:
    shipped = list(packs())
    names = {pack["platform"]["id"] for pack in shipped}
    for secret in re.findall(r"\{secret:([A-Za-z0-9_.-]+)\}", str(shipped)):
        bench.secret(secret)
    file = bench.directory / "platforms.d" / "spoilt.toml"
    wrong: list[object] = []
    base: Table = {}
    for data, path, kind in mutants(iter(shipped)):
        if data is not base:
            base = data
            bench.stubs(names.intersection(re.findall(r"'(\w+)'", str(data))) - {data["platform"]["id"]})
            good, _ = bench.load(data, file)
            assert isinstance(good, Loaded), good
            use(good)
        wrong += said_badly(bench, data, path, kind, file)
    assert wrong == [], "\n".join(map(str, wrong))


API = """
[appeal.http.submit]
views = { json = { steps = [{ do = "json" }] } }
request = { method = "POST", url = "https://{var:host}/appeals", form = { ref = "{ref}" } }
[[appeal.http.submit.rule]]
name = "taken"
when = [{ view = "json", path = "id", nonempty = true }]
then = { say = "accepted", receipt = { view = "json", path = "id" } }
"""


def example() -> Table:
    """The shipped settings with every commented key in force, for the made-up platform instead of the shipped ones."""
    text = (CONFIG / "numtrustd.toml").read_text(encoding="utf-8")
    data = tomllib.loads(re.sub(r"^#(?=[\[a-z])", "", text, flags=re.MULTILINE))
    data["platform"] = {"acme": data["platform"]["telnyx"] | {"vars": {"host": "api.acme.example", "key_name": "k"}}}
    source = data["source"]["so360.onebox"]
    data["source"] = {"acme.query": source | {"controls": {"marked": ["13800138001"], "clean": ["021-20000001"]}}}
    data["platforms"] |= {"shipped": False, "enable": ["acme.query"]}
    data["evidence"][0] |= {"path": "paper.pdf", "platforms": ["acme"]}
    data["evidence"][1]["path"] = "nda.pdf"
    data["credentials"] = {"dir": "secrets", "files": {"office-proxy": "secrets/office-proxy"}}
    data["http"]["ways"]["branch"]["source_address"] = "127.0.0.1"
    return data


def test_settings_with_one_key_spoilt(bench: Bench) -> None:
    pack = PACK[: PACK.index("[appeal.manual]")] + API + PACK[PACK.index("[[source]]") :]
    (bench.directory / "platforms.d" / "acme.toml").write_text(pack, encoding="utf-8")
    for paper in ("paper.pdf", "nda.pdf"):
        (bench.directory / paper).write_bytes(b"paper")
    for name in ("acme-key", "office-proxy"):
        bench.secret(name)
    data = example()
    wrong: list[object] = []
    base: Table = {}
    for part, path, kind in mutants(parts(data)):
        if part is not base:
            base = part
            good, _ = bench.load(part, bench.main)
            assert isinstance(good, Loaded), good
            use(good)
        wrong += said_badly(bench, part, path, kind, bench.main)
    assert wrong == [], "\n".join(map(str, wrong))


def parts(data: Table) -> Iterator[Table]:
    """The tables that stand by themselves, and all that lean on others together."""
    together = {"numbers", "number", "group", "platforms", "platform", "source", "http", "credentials", "evidence"}
    for name in data.keys() - together:
        yield {"platforms": {"shipped": False, "dirs": []}, name: data[name]}
    yield {name: data[name] for name in sorted(together)}
