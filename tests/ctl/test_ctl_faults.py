"""What msgspec says of a row or a line, in words: every fault that can be made is said without a word of msgspec's."""

import json
from typing import Any

import msgspec
import pytest

from numtrustd.api import calls, control
from numtrustd.ctl import faults

DAY = {"number": "13800138000", "day": "2026-11-20", "calls": 5, "answered": 4}
SEEN = {"number": "13800138000", "platform": "huawei", "surface": "call_log", "status": "clean"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"calls": "many"}, "column \"calls\": 'many' is no whole number of at least 0: write one such as 120"),
        ({"calls": -1}, "column \"calls\": '-1' is no whole number"),
        ({"calls": 1.5}, "column \"calls\": '1.5' is no whole number"),
        ({"short": []}, "column \"short\": '[]' is no whole number"),
        ({"number": 13800138000}, 'column "number": is no text: write it in quotes'),
        ({"purpose": "x" * 201}, 'column "purpose": is too long: 200 characters at the most'),
        ({"answered": ...}, 'column "answered": is missing'),
    ],
)
def test_of_a_row(values: dict[str, Any], said: str) -> None:
    row = {name: value for name, value in {**DAY, **values}.items() if value is not ...}
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(row, calls.CallDay, strict=False)
    assert faults.words(caught.value, calls.CallDay, row, column=True).startswith(said)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"status": "dirty"}, "field \"status\": 'dirty' is none of marked, clean, certified, unknown"),
        ({"status": None}, 'field "status": is no text'),
        ({"marks": "12"}, "field \"marks\": '12' is no whole number"),
        ({"at": "yesterday"}, "field \"at\": 'yesterday' is no time with its zone: write one such as 2026-05-01T18"),
        ({"at": "2026-05-01T18:00:00"}, "field \"at\": '2026-05-01T18:00:00' is no time with its zone"),
        ({"at": 3}, "field \"at\": '3' is no time"),
        ({"words": ""}, 'field "words": is empty: write something or leave it out'),
        ({"colour": "red"}, 'field "colour": is not known: known are number, platform'),
        ({"rehearse": "no"}, 'field "rehearse": is neither true nor false'),
    ],
)
def test_of_a_line(values: dict[str, Any], said: str) -> None:
    line = {**SEEN, **values}
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(json.dumps(line), type=control.Observe)
    assert faults.words(caught.value, control.Observe, line, column=False).startswith(said)


def test_of_what_is_no_object() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(b"[1]", type=control.Observe)
    assert faults.words(caught.value, control.Observe, None, column=False) == 'is no object: write {"number": …}'


def test_every_field_of_both_is_said_without_a_word_of_the_decoder() -> None:
    for kind, good in ((calls.CallDay, DAY), (control.Observe, SEEN)):
        for field in kind.__struct_encode_fields__:
            for bad in ({"a": 1}, [1], 1.5, "x" * 100_000, -1, True):
                line = {**good, field: bad}
                try:
                    msgspec.convert(line, kind)
                except msgspec.ValidationError as error:
                    said = faults.words(error, kind, line, column=True)
                    assert said.startswith(f'column "{field}": ')
                    assert "Expected" not in said
                    assert "$" not in said
                    assert len(said) < 300
