"""What letters and forms say."""

from numtrustd.domain.wording import Owner, letter, purpose
from numtrustd.domain.workflows.request import AppealData


def test_what_the_numbers_are_for_is_told_in_the_owners_words() -> None:
    data = AppealData(category="marketing", words="广告推销")
    told = letter(Owner("示例公司"), "400-810-0001", "360", data, (), "REF-1", "售后回访")
    assert "该号码用途：售后回访。" in told
    assert "用途" not in letter(Owner("示例公司"), "400-810-0001", "360", data, (), "REF-1")
    said = purpose(Owner("Example"), data, (), "after-sales calls")
    assert said.startswith("Business calls of Example (after-sales calls); shown as")
    assert "to its own customers" in purpose(Owner("Example"), data, ())
