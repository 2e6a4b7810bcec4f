"""What may be printed, how wide it is, and words for times."""

import json
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd.ctl.document import Document
from numtrustd.ctl.plain import lines
from numtrustd.ctl.text import age, due, escape, escape_json, in_local_time, local, size, span
from numtrustd.domain.display import width

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
any_text = st.text(alphabet=st.characters(codec=None, exclude_categories=()), max_size=40)


@given(any_text)
def test_nothing_that_acts_or_hides_is_printed(text: str) -> None:
    shown = escape(text)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    shown.encode()
    document = Document()
    document.line(text)
    document.facts((text[:3], text))
    document.table(("A", "B"), [(text, "x"), ("喂", text)])
    document.prose(text)
    for line in lines(document):
        assert escape(line) == line


@pytest.mark.covers("N12")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("广告推销 ok", "广告推销 ok"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x9b31m\x7f", "\\x9b31m\\x7f"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_escapes(text: str, shown: str) -> None:
    assert escape(text) == shown


@settings(max_examples=50)
@given(st.dictionaries(any_text.filter(lambda t: "\ud800" not in t), any_text))
def test_json_means_the_same_and_is_harmless(value: dict[str, str]) -> None:
    shown = escape_json(json.dumps(value, ensure_ascii=False, indent=2))
    assert not {unicodedata.category(c) for c in shown.replace("\n", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert json.dumps(json.loads(shown)) == json.dumps(value)


def test_chinese_is_two_columns_wide() -> None:
    assert (width("abc"), width("上海a"), width("（"), width("e\u0301")) == (3, 5, 2, 1)
    document = Document()
    document.table(("NAME", "X", "GONE"), [("上海", 1, None), ("abcdef", 2, None)])
    assert list(lines(document)) == ["NAME    X", "上海    1", "abcdef  2"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (130, "2 min 10 s"), (3_599, "59 min"), (3_600, "1 h"),
     (5_400, "1 h 30 min"), (86_400 * 2.5, "2 d 12 h"), (86_400 * 400, "400 d")],
)  # fmt: skip
def test_spans(seconds: float, words: str) -> None:
    assert span(seconds) == span(-seconds) == words


def test_times_are_the_readers_own_with_their_age() -> None:
    assert local(NOW - timedelta(minutes=5), NOW) == "17:55 (5 min ago)"
    assert local(NOW + timedelta(days=3), NOW) == "11-23 18:00 (in 3 d)"
    assert local(NOW - timedelta(days=400), NOW) == "2025-10-16 18:00 (400 d ago)"
    assert age(NOW, NOW + timedelta(milliseconds=400)) == "now"
    assert due(NOW + timedelta(hours=5), NOW) == "23:00 (in 5 h)"
    assert due(NOW - timedelta(hours=5), NOW) == "13:00 (overdue by 5 h)"
    assert due(NOW - timedelta(milliseconds=999), NOW) == "17:59 (now)"
    assert due(NOW - timedelta(seconds=1), NOW) == "17:59 (overdue by 1 s)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("by 2026-11-20 10:05:00 UTC, at last", "by 18:05, at last"),
        ("2026-11-18 23:59:59 UTC and 2025-10-16 10:00:00 UTC", "11-19 07:59 and 2025-10-16 18:00"),
        ("2026-13-40 10:00:00 UTC", "2026-13-40 10:00:00 UTC"),
        ("NT-2026-11-20 10:05:00 UTC", "NT-2026-11-20 10:05:00 UTC"),
        ("2026-11-20 10:05:00", "2026-11-20 10:05:00"),
    ],
)
def test_times_in_sentences_of_the_log_are_the_readers_own_too(text: str, shown: str) -> None:
    assert in_local_time(text, NOW) == shown


def test_sizes() -> None:
    assert [size(n) for n in (0, 1023, 1024, 3_250_000, 2**30, 2**45)] == [
        "0 B", "1023 B", "1.0 KiB", "3.1 MiB", "1.0 GiB", "32.0 TiB",
    ]  # fmt: skip
