"""Forbidden words in what is wanted: a tag is refused, a name only spoken of, each at its place."""

from pathlib import Path

from numtrustd import build
from numtrustd.settings import Loaded, load, render


def read(tmp_path: Path, text: str, rows: str = "") -> Loaded | str:
    (tmp_path / "numbers.csv").write_text(f"number,wanted_name,wanted_tag\n{rows}13800138000,,\n", encoding="utf-8")
    file = tmp_path / "numtrustd.toml"
    file.write_text(text, encoding="utf-8")
    loaded = load(file, {})
    return loaded if isinstance(loaded, Loaded) else render(loaded)


def test_a_tag_with_a_forbidden_word_is_refused(tmp_path: Path) -> None:
    said = read(tmp_path, '[[identity]]\ntag = "最好的冰饮"\n')
    assert isinstance(said, str)
    assert 'numtrustd.toml:2: identity[0].tag: "最好" is an advertiser\'s superlative' in said
    assert 'write another tag, or add "最好" to wording.allowed if it may stand' in said
    assert said.count("\n") == 1


def test_in_a_row_it_is_found_at_its_column(tmp_path: Path) -> None:
    said = read(tmp_path, "", "13900139000,示例,顶级火锅\n")
    assert isinstance(said, str)
    assert "numbers.csv:2: wanted_tag: " in said


def test_a_name_is_only_spoken_of(tmp_path: Path) -> None:
    loaded = read(tmp_path, '[[identity]]\nname = "中国第一品牌公司"\n', "13900139000,唯一公司,\n")
    assert isinstance(loaded, Loaded), loaded
    keys = [w.key for w in loaded.warnings if "superlative" in w.what]
    assert sorted(keys) == ["identity[0].name", "wanted_name"]


def test_the_words_are_settings(tmp_path: Path) -> None:
    words = '[wording]\nforbidden = ["便宜"]\nallowed = ["便宜坊"]\n'
    loaded = read(tmp_path, words + '[[identity]]\ntag = "最好的便宜坊"\n')
    assert isinstance(loaded, Loaded), loaded
    assert build.context(loaded, "s").wording.allowed == ("便宜坊",)
    said = read(tmp_path, words + '[[identity]]\ntag = "便宜"\n')
    assert isinstance(said, str)
    assert "(便宜)" in said
