"""Where a key stands in a TOML text, against texts whose every value says its own line."""

import pathlib
import re
import tomllib
from collections.abc import Iterator

import pytest
from toml_mutants import paths, write

from numtrustd.settings.problem import Path
from numtrustd.settings.toml_lines import index

TRICKY = '''\
# a comment with [brackets] = "and" quotes
title = 2
"quoted key" = 3
'literal.key' = 4
a.b.c = 5
a."d.e" = 6

[table]
first = 9  # [[not.a.table]]
text = """
[not_a_table]
key = "nor this" \\
"""
raw = \'\'\'
x = 1 """ \\\'\'\'
after = 16
quotes = """two "" and then three""""
escaped = "a \\" b # [c]"
nineteen = 19

[table.sub]
key = 22

[[row]]
n = 25
inline = { x = 26, y = { z = 26 }, "q w" = 26 }
[[row]]
n = 28
[row.child]
m = 30
[[row.grand]]
k = 32
[[row.grand]]
k = 34

[[row]]
n = 37
list = [
  38,
  # why
  41, 41,
  [42,
   43], { e = 43,  f = 43 },
]
end = 45
tables = [
  { name = 47 },
  { name = 48,
    other = 48 },
]
[ spaced . "header" ]  # yes
k = 52
'''.replace("48,\n    other = 48 }", "48, other = 48 }")


def numbers(value: object, path: Path = ()) -> Iterator[tuple[Path, int]]:
    """(path, value) of every number in a tree."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from numbers(child, (*path, key))
    elif isinstance(value, list):
        for i, child in enumerate(value):
            yield from numbers(child, (*path, i))
    elif isinstance(value, int):
        yield path, value


def test_every_value_is_found_on_its_line() -> None:
    lines = TRICKY.splitlines()
    found = index(TRICKY)
    checked = 0
    for path, value in numbers(tomllib.loads(TRICKY)):
        line = found.line(path)
        key = next((p for p in reversed(path) if isinstance(p, str)), "")
        assert str(value) in lines[line - 1] or key in lines[line - 1], (path, value, line)
        checked += 1
    assert checked > 25


def test_lines_by_path() -> None:
    text = """\
[daemon]
state_dir = "x"

[[group]]
name = "a"
[[group]]
name = "b"
accept = [
  "service",
  "agent",
]

[source."so360.onebox"]
limits = { deadline = "1s" }
"""
    found = index(text)
    assert found.line(("daemon",)) == 1
    assert found.line(("daemon", "state_dir")) == 2
    assert found.line(("group", 0)) == 4
    assert found.line(("group", 1, "name")) == 7
    assert found.line(("group", 1, "accept", 1)) == 10
    assert found.line(("source", "so360.onebox", "limits", "deadline")) == 14
    # What is not there is where it would be missed.
    assert found.line(("group", 1, "cadence")) == 6
    assert found.line(("source", "so360.onebox", "limits", "connect")) == 14
    assert found.line(("nowhere", 3, "x")) == 1


def test_inline_tables_over_lines_give_the_line_of_the_element() -> None:
    text = (
        'rule = [\n  { name = "a" },\n  { name = "b",\n  },\n]\n' if _multi_line_inline() else "rule = [\n {},\n {}]\n"
    )
    found = index(text)
    assert [found.line(("rule", i)) for i in range(2)] == [2, 3]


def _multi_line_inline() -> bool:
    try:
        tomllib.loads("a = {\n}")
    except tomllib.TOMLDecodeError:
        return False
    return True


def test_windows_line_ends_and_dotted_headers() -> None:
    text = "[a.b]\r\nx = 1\r\n\r\n[[a.c]]\r\ny = 2\r\n[a.c.d]\r\nz = 3\r\n[[a.c]]\r\ny = 4\r\n"
    found = index(text)
    assert found.line(("a", "b", "x")) == 2
    assert found.line(("a", "c", 0, "y")) == 5
    assert found.line(("a", "c", 0, "d", "z")) == 7
    assert found.line(("a", "c", 1, "y")) == 9


def test_a_large_file_is_quick() -> None:
    text = "".join(f'[[number]]\nnumber = "1380000{i:04d}"\nname = "{i}"\n' for i in range(3_000))
    found = index(text)
    assert found.line(("number", 2_999, "name")) == 9_000


CONFIG = pathlib.Path(__file__).parents[2] / "config"


@pytest.mark.parametrize("file", sorted(CONFIG.rglob("*.toml")), ids=lambda file: file.stem)
def test_every_key_of_a_shipped_file_is_found_where_it_was_written(file: pathlib.Path) -> None:
    text = re.sub(r"^#(?=[\[a-z])", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # a pack, whose comments are prose
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    written, lines = write(data)
    found = index(written)
    assert {path: found.line(path) for path in paths(data)} == lines


def test_tables_of_several_platforms_in_every_spelling() -> None:
    for text, line in (
        ('[platform.a.vars]\nhost = "1"\n[platform.b.vars]\nhost = "2"\n[platform.c]\n', 4),
        ('[platform.a]\nvars.host = "1"\n[platform.b]\nvars.host = "2"\n', 4),
        ('[platform]\na.vars.host = "1"\nb.vars.host = "2"\n', 3),
        ('platform.a.vars.host = "1"\n\nplatform.b.vars.host = "2"\n', 3),
        ('platform.a = { vars = { host = "1" } }\nplatform.b = { vars = { host = "2" } }\n', 2),
        ('[platform]\n"a" = { vars.host = "1" }\n\'b\' = { vars.host = "2" }\n', 3),
        ('[ platform . "a" . vars ]\nhost = "1"\n[ platform . b ]\n[ platform . b . vars ] # b\nhost = "2"\n', 5),
        ('[platform.b.appeal]\n[platform.a.vars]\nhost = "1"\n[platform.b.vars]\nhost = "2"\n', 5),
    ):
        assert tomllib.loads(text)["platform"]["b"]["vars"]["host"] == "2"
        assert index(text).line(("platform", "b", "vars", "host")) == line, text
