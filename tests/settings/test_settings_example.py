"""The example configuration works as it stands, and every default that it shows is the default."""

import pathlib
import re
from typing import Any

from msgspec import structs

from numtrustd.settings import Loaded, Settings, load, render
from numtrustd.settings.collect import collect
from numtrustd.settings.document import read
from numtrustd.settings.load import SPELLING
from numtrustd.settings.problem import Report

CONFIG = pathlib.Path(__file__).parents[2] / "config"
DEFAULTS = (
    "daemon",
    "cadence",
    "verdict",
    "appeal",
    "certification",
    "incident",
    "inspection",
    "company",
    "control",
    "log",
    "credentials",
    "ledger",
    "calendar",
    "maintenance",
)


def test_the_example_loads_with_one_warning() -> None:
    loaded = load(CONFIG / "numtrustd.toml", {})
    assert isinstance(loaded, Loaded), render(loaded)
    assert {row.kind.value for row in loaded.numbers.values()} == {
        "mobile",
        "landline",
        "400",
        "95",
        "short",
        "foreign",
    }
    assert [warning.what for warning in loaded.warnings] == ["no source is switched on, so nothing will be looked at"]


def uncommented(text: str) -> str:
    """The example with every commented key and table in force."""
    return re.sub(r"^#(?=[\[a-z])", "", text, flags=re.MULTILINE)


def test_every_commented_line_is_valid_and_every_default_is_true(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "numtrustd.toml"
    text = uncommented((CONFIG / "numtrustd.toml").read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")
    report = Report()
    document = read(file, report)
    assert document is not None, report.problems
    settings = collect(Settings, document.data, (), document, report, SPELLING)
    assert report.problems == []
    for table in DEFAULTS:
        assert without_tables(getattr(settings, table)) == getattr(Settings(), table), table


def without_tables(value: Any) -> Any:
    """Without its arrays of tables, of which there are none unless somebody writes one."""
    arrays = [key for key in value.__struct_fields__ if isinstance(getattr(value, key), tuple)]
    empty: dict[str, Any] = {key: () for key in arrays if table_rows(value, key)}
    return structs.replace(value, **empty)


def table_rows(value: Any, key: str) -> bool:
    return all(hasattr(row, "__struct_fields__") for row in getattr(value, key))


def test_every_key_is_shown() -> None:
    text = uncommented((CONFIG / "numtrustd.toml").read_text(encoding="utf-8"))
    settings = Settings()
    for table in settings.__struct_fields__:
        assert re.search(rf"^\[+{table}[\].]", text, re.MULTILINE), table
        value = getattr(settings, table)
        for key in getattr(value, "__struct_fields__", ()):
            assert re.search(rf"^{key} = |^\[\[?{table}\.{key}[\].]", text, re.MULTILINE), f"{table}.{key}"
