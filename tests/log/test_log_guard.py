"""What may not stand in a line: secrets, masked numbers, control characters, and more than 32 KiB."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.events import ActorCrashed, CaseMoved, CauseFound, ConfigRejected, DemoNote, SourceFailed
from numtrustd.log import Style
from numtrustd.log.guard import cut, escape
from numtrustd.log.logger import MAX_RECORD
from tests.logcheck import MemoryLog

HOSTILE = "\x1b[31mred\r\nINFO forged\x00\x7f\x9b0m\u202egnp\u2066\u200b\ufeff\u2028\ud800\U000e0041"


def note(text: str, *, mask_numbers: bool = False) -> bytes:
    log = MemoryLog(mask_numbers=mask_numbers)
    log.emit(DemoNote(text=text))
    return log.lines[0]


@pytest.mark.covers("N12")
def test_control_characters_are_written_out() -> None:
    record = json.loads(note(HOSTILE))
    assert record["numtrust.text"] == (
        "\\x1b[31mred\\x0d\\x0aINFO forged\\x00\\x7f\\x9b0m\\u202egnp\\u2066\\u200b\\ufeff\\u2028\\ud800\\U000e0041"
    )
    assert record["message"] == record["numtrust.text"]


def test_chinese_stays_readable() -> None:
    line = note("被 58 人标记为“广告推销”　疑似骚扰")
    assert "被 58 人标记为“广告推销”　疑似骚扰".encode() in line


def test_stacks_keep_their_line_breaks_only() -> None:
    log = MemoryLog()
    log.emit(ActorCrashed(actor="a", crashes=1, error_type="E", error_message="a\nb", stack_trace="a\n\tb\x1b\r"))
    assert log.records[0]["error.stack_trace"] == "a\n\tb\\x1b\\x0d"
    assert log.records[0]["error.message"] == "a\\x0ab"


@given(st.lists(st.text(), max_size=3), st.text(alphabet=st.characters()), st.sampled_from(Style))
def test_any_text_makes_one_harmless_line(facts: list[str], text: str, style: Style) -> None:
    log = MemoryLog(style=style)
    log.emit(CauseFound(number=text, platform=text, causes=tuple(facts), facts=(text,)))
    (line,) = log.lines
    assert line.count(b"\n") == 1
    assert line.decode()[:-1] == escape(line.decode()[:-1])


@given(st.text(alphabet=st.characters(codec=None), min_size=0))
def test_escape_is_complete_and_keeps_the_rest(text: str) -> None:
    escaped = escape(text)
    escaped.encode()
    assert escape(escaped) == escaped
    assert len(escaped.splitlines()) <= 1
    if text.isprintable():
        assert escaped == text


@pytest.mark.parametrize("letter", ["x", "界", '"', "\\", "\x1b", "\U0001f4de"])
@pytest.mark.parametrize("style", list(Style))
def test_a_record_is_at_most_32_kib(letter: str, style: Style) -> None:
    log = MemoryLog(style=style, prefix=True)
    problems = tuple(f"numbers.csv:{i}: number: {letter * 300}" for i in range(2_000))
    log.emit(ConfigRejected(config="/etc/x.toml", count=len(problems), problems=problems))
    log.emit(
        ActorCrashed(
            actor="a",
            crashes=1,
            error_type="E",
            error_message=letter * 50_000,
            stack_trace=f"<{letter * 50_000}>",
        )
    )
    assert all(len(line) <= MAX_RECORD for line in log.lines)
    if style is Style.JSON:
        rejected, crashed = log.records
        assert rejected["numtrust.count"] == 2_000
        assert "more]" in rejected["numtrust.problems"][-1]
        assert crashed["error.stack_trace"].startswith("<")
        assert crashed["error.stack_trace"].endswith(">")
        assert "characters cut]" in crashed["error.stack_trace"]


def test_cut() -> None:
    assert cut("short", 5) == "short"
    assert cut("abcdefghij", 6) == "abcd…[4 characters cut]…ij"


SECRET = 'k3y/with "odd" letters+&'


@pytest.mark.covers("L5")
def test_secrets_are_redacted_in_all_their_forms() -> None:
    log = MemoryLog()
    log.redact([SECRET, "", "other-secret"])
    log.redact(["third"])
    url = "https://example.com/?key=k3y%2Fwith%20%22odd%22%20letters%2B%26&third=1"
    log.emit(
        ActorCrashed(
            actor="source:x",
            crashes=1,
            error_type="E",
            error_message=f"{url} {SECRET!r} other-secret",
            stack_trace=f"  File x\n    f({SECRET!r})\n{SECRET}",
        )
    )
    log.emit(CauseFound(number="n", platform="p", causes=("third",), facts=(f"a {SECRET} b",)))
    text = b"".join(log.lines).decode()
    assert "odd" not in text
    assert "other-secret" not in text
    assert "third" not in text
    assert log.records[1]["numtrust.facts"] == ["a [redacted] b"]


def test_a_secret_within_a_secret_leaves_no_rest() -> None:
    log = MemoryLog()
    log.redact(["abc", "abcdef"])
    log.emit(DemoNote(text="abcdef abc"))
    assert log.records[0]["numtrust.text"] == "[redacted] [redacted]"


def test_a_secret_that_is_a_word_of_ours_breaks_no_line() -> None:
    log = MemoryLog()
    log.redact(["info", "numtrustd", "demo.note", "1"])
    log.emit(DemoNote(text="more info"))
    assert log.records[0]["log.level"] == "info"
    assert log.records[0]["message"] == "more [redacted]"


def test_listeners_get_the_clean_record() -> None:
    log = MemoryLog(mask_numbers=True)
    log.redact(["s3cret"])
    heard: list[str] = []
    log.subscribe(lambda _action, _level, record: heard.append(str(record)))
    log.emit(DemoNote(text="s3cret +8613800138000 \x1b"))
    assert "s3cret" not in heard[0]
    assert "13800138000" not in heard[0]
    assert "\\\\x1b" in heard[0]


def moved(number: str, case: str, detail: str = "") -> dict[str, object]:
    log = MemoryLog(mask_numbers=True)
    log.emit(
        CaseMoved(case=case, number=number, platform="p", kind="appeal", from_="a", to="b", detail=detail, attempt=1)
    )
    return log.records[0]


def test_numbers_are_masked_everywhere() -> None:
    record = moved(
        "+8613800138000",
        "appeal/+8613800138000/so360/1",
        "13800138000, 8613800138000, 138 0013 8000, 86 is not one; 02151288888 021-51288888 4008101234",
    )
    assert record["numtrust.number"] == "+86138****8000"
    assert record["numtrust.case"] == "appeal/+86138****8000/so360/1"
    assert record["message"] == "appeal case appeal/+86138****8000/so360/1: a → b"
    assert record["numtrust.detail"] == (
        "138****8000, 86138****8000, 138 **** 8000, 86 is not one; 021****8888 021-****8888 40****1234"
    )
    assert record["numtrust.attempt"] == 1


@pytest.mark.parametrize(
    ("number", "text", "masked"),
    [
        ("95588", "case 95588/1 of 955881", "case 9****/1 of 955881"),
        ("4008101234", "400-810-1234 4008101234", "40*-***-1234 40****1234"),
        ("+862151288888", "51288888 021-51288888 862151288888", "****8888 021-****8888 8621****8888"),
        ("+14155552671", "14155552671", "141****2671"),
        ("not a number", "not a number", "not a number"),
    ],
)
def test_the_own_number_is_masked_in_every_spelling(number: str, text: str, masked: str) -> None:
    assert moved(number, "c", text)["numtrust.detail"] == masked


def test_masking_can_be_switched() -> None:
    log = MemoryLog()
    log.emit(DemoNote(text="+8613800138000"))
    log.mask_numbers = True
    assert log.mask_numbers
    log.emit(DemoNote(text="+8613800138000"))
    assert [record["message"] for record in log.records] == ["+8613800138000", "+86138****8000"]


def test_digests_and_ids_are_no_numbers() -> None:
    digest = base64.b16encode(bytes(range(8))).decode().lower()
    for text in (
        "1234567",
        digest,
        "2026-11-22T10:00:00.000000Z",
        "sequence 1700000000123456",
        "3.14159265358",
    ):
        assert json.loads(note(text, mask_numbers=True))["numtrust.text"] == text


def test_plain_log_shows_numbers() -> None:
    log = MemoryLog()
    log.emit(SourceFailed(source="s", reason="r", failures=1, detail="of +8613800138000"))
    assert "+8613800138000" in log.records[0]["message"]
