"""What an agent has to have signed before he gets to see a paper."""

from datetime import date

from numtrustd.domain.evidence import Document, demanded, missing, on_file, why_missing

TODAY = date(2026, 11, 23)
LICENCE = Document("licence", "/l.pdf")
NDA = Document("nda", "/n.pdf", agent="甲", expires=date(2027, 1, 1))


def test_an_agent_must_have_signed() -> None:
    wanted = demanded(("licence",), "甲")
    assert wanted == ("licence", "nda")
    assert missing(wanted, on_file((LICENCE,), TODAY, "alpha", agent="甲")) == ("nda",)
    assert missing(wanted, on_file((LICENCE, NDA), TODAY, "alpha", agent="甲")) == ()
    assert why_missing((NDA,), "nda", TODAY, "alpha", agent="甲") == ""


def test_what_another_one_signed_does_not_count() -> None:
    assert missing(("nda",), on_file((NDA,), TODAY, "alpha", agent="乙")) == ("nda",)
    assert why_missing((NDA,), "nda", TODAY, "alpha", agent="乙") == "/n.pdf is 甲's, not 乙's"


def test_one_that_has_expired_does_not_count() -> None:
    assert missing(("nda",), on_file((NDA,), date(2027, 1, 2), "alpha", agent="甲")) == ("nda",)


def test_the_platforms_own_channel_needs_none() -> None:
    assert demanded(("licence",)) == ("licence",)
    assert demanded(("nda", "licence"), "甲") == ("nda", "licence")
    assert on_file((NDA,), TODAY) == {"nda"}
