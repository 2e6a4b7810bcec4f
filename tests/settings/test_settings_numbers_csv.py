"""The numbers' file: whatever a spreadsheet makes of it, every row is taken or named."""

import codecs
import pathlib

import pytest

from numtrustd.domain.label import Category
from numtrustd.domain.number import NumberKind
from numtrustd.domain.owned import Owned, Watch
from numtrustd.settings.numbers_csv import Roll, read_csv
from numtrustd.settings.problem import Report, render

DATA = pathlib.Path(__file__).parent.parent / "data" / "settings"


def read(text: str | bytes, file: str = "n.csv", roll: Roll | None = None) -> tuple[Roll, str]:
    roll = roll or Roll({"sales": (Category.MARKETING,), "service": ()}, Report())
    read_csv(text.encode() if isinstance(text, str) else text, file, roll)
    return roll, render(roll.report.problems)


def test_rows() -> None:
    roll, problems = read(
        "number,name,group,accept,note,watch\n"
        '13800138000,"Sales, desk 1",sales,service agent,a note,preflight\n'
        "021-51288888转801,客服,,,\n"
        "95588\n"
    )
    assert problems == ""
    assert roll.rows == {
        "+8613800138000": Owned(
            "+8613800138000", NumberKind.MOBILE, "Sales, desk 1", "sales",
            frozenset({Category.MARKETING, Category.SERVICE, Category.AGENT}), "", "a note", Watch.PREFLIGHT,
        ),
        "+862151288888": Owned("+862151288888", NumberKind.LANDLINE, "客服", extension="801"),
        "95588": Owned("95588", NumberKind.SERVICE_95),
    }  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_dialects(delimiter: str, bom: bytes, end: str) -> None:
    text = end.join(
        [
            delimiter.join(["Number ", "Name", "GROUP"]),
            delimiter.join(["13800138000", "客服", "sales"]),
            "",
            delimiter * 2,
        ]
    )
    roll, problems = read(bom + text.encode())
    assert problems == ""
    assert [(row.number, row.name, row.group) for row in roll.rows.values()] == [("+8613800138000", "客服", "sales")]


def test_chinese_headers_and_comments() -> None:
    roll, problems = read("号码,名称,分组,备注\n# 注释, 不是号码\n13800138000,客服,sales,x\n")
    assert problems == ""
    assert roll.rows["+8613800138000"].note == "x"


def test_every_bad_row_is_named() -> None:
    _, problems = read(
        "number,name,group,accept,watch\n"
        "13800138000,a,sales\n"
        "1.38E+10,b\n"
        "0138 0013 8000,c\n"
        ",nameless\n"
        "95588,d,slaes,sevice agent,maybe\n"
        "10086,e,service,,yes,surplus\n"
        '"021-51288888","two\nlines",nowhere\n'
        '"10010,never closed\n'
        "10000\n"
    )
    assert problems == (DATA / "numbers_wrong.txt").read_text(encoding="utf-8")


def test_duplicates_over_files_name_both() -> None:
    roll, _ = read("number\n13800138000\n", "a.csv")
    _, problems = read("number\n95588\n13800138000\n", "b.csv", roll)
    assert problems == "b.csv:3: number: '13800138000' is already at a.csv:2: keep one of the two rows\n"


UTF8 = "save it as “CSV UTF-8 (comma delimited)”"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "n.csv:1: -: is empty: begin with the line number,name,group,accept, then one number a line\n"),
        (
            b"\n\n",
            "n.csv:1: -: is empty: begin with the line number,name,group,accept, then one number a line\n",
        ),
        (
            "number,name\n13800138000,客服热线\n".encode("gb18030"),
            "n.csv:2: -: is not UTF-8 but GB18030, as Excel in China writes “CSV (comma delimited)”: "
            f"{UTF8}, or run iconv -f GB18030 -t UTF-8\n",
        ),
        ("number\n95588\n".encode("utf-16"), f"n.csv:1: -: is UTF-16, as Excel writes “Unicode text”: {UTF8}\n"),
        (b"number\n\xff\xff\xff\n", f"n.csv:2: -: is not UTF-8 text: write the row anew, or {UTF8}\n"),
        (
            b"number\n\n138\x00\n",
            f"n.csv:3: -: holds a NUL byte: remove it; if it is all over the file, {UTF8}\n",
        ),
        (
            b"number,n\xffame\n13800138000,a\n",
            f"n.csv:1: -: is not UTF-8 text: write the row anew, or {UTF8}\n",
        ),
        (
            b"13800138000,x\n",
            "n.csv:1: number: has no header: begin with the line number,name,group,accept\n",
        ),
        (
            b"phone,name\n",
            'n.csv:1: number: has no column "number": begin with the line number,name,group,accept\n',
        ),
        (b"number,nmae\n", 'n.csv:1: nmae: unknown column: did you mean "name"?\n'),
        (b"number,name,name\n", "n.csv:1: name: two columns of this name: keep one of the two\n"),
    ],
)
def test_files_that_will_not_do(raw: bytes, said: str) -> None:
    assert read(raw)[1] == said


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b"13800138001,\xbf\xcd\xb7\xfe", "is not UTF-8 text"),  # one row pasted from a GB18030 file
        (b"\xff\xfe\xfd,b", "is not UTF-8 text"),
        (b'13800138001,"two\n\xff lines"', "is not UTF-8 text"),
        (b"13800138001,a\x00b", "holds a NUL byte"),
        (b"13800138001," + b"x" * 200_000, "has a field of more than 131072 characters"),
        (b'13800138001,"' + b"x" * 200_000, "has a field of more than 131072 characters"),
    ],
    ids=["gb18030", "number", "multi-line", "nul", "giant", "giant-open"],
)
@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8])
def test_a_row_that_is_no_text_hides_no_other_fault(bad: bytes, said: str, bom: bytes) -> None:
    rows = ["number,name", "13800138000,客服", "138,short"]
    head, tail = "\n".join(rows).encode(), "95588,银行\n13800138000,again\n".encode()
    roll, problems = read(bom + head + b"\n" + bad + b"\n" + tail)
    line = 6 + bad.count(b"\n")
    assert [problem.split(": ")[:3] for problem in problems.splitlines()] == [
        ["n.csv:3", "number", "'138' is not a number in China"],
        ["n.csv:4", "-", said],
        [f"n.csv:{line}", "number", "'13800138000' is already at n.csv:2"],
    ]
    assert {"+8613800138000", "95588"} <= roll.rows.keys()


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_a_file_in_another_encoding_is_said_once_and_its_rows_are_looked_at(encoding: str) -> None:
    _, problems = read("号码,名称\n13800138000,客服\n138,客服\n13800138000,客服\n".encode(encoding))
    assert [problem.split(": ")[0] for problem in problems.splitlines()] == ["n.csv:1", "n.csv:3", "n.csv:4"]


def test_rows_share_what_they_can() -> None:
    roll, problems = read("number,group,accept\n" + "".join(f"138{i:08d},sales,agent\n" for i in range(100)))
    rows = list(roll.rows.values())
    assert problems == ""
    assert len({id(row.group) for row in rows}) == 1
    assert len({id(row.accept) for row in rows}) == 1
