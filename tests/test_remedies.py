"""Whoever is refused something is told what to do next: by the daemon, by its start, by both command lines."""

import pytest
from msgspec import structs

from numtrustd.api.errors import ACTING, READING
from numtrustd.ctl import refusal
from tests.remedies import MAKERS, PASSED_ON, Refusal, made, refusals

ALL = refusals()


@pytest.mark.parametrize("said", [*ALL, *made()], ids=lambda said: said.place)
def test_a_refusal_says_what_to_do(said: Refusal) -> None:
    assert said.helps or said.text in PASSED_ON, f"{said.place}: no next step in {said.text!r}"


def test_the_sentences_are_found() -> None:
    kinds = {said.kind for said in ALL}
    assert {"Refused", "RefusedError", "InvalidArgument", "UnknownNumber", "StoreError", "UsageError"} <= kinds
    assert len(ALL) > 120
    assert {said.kind for said in made()} == {name for _, name in MAKERS}, "each of them makes some"
    assert set(PASSED_ON) <= {said.text for said in ALL} | {"{reason}", "{a.Refused(reason)}"}


@pytest.mark.parametrize(
    "text",
    [
        "it is closed",
        "{number} is parked already",
        "no source in use sees {where}",
        "the disk is full ({error.strerror})",
        "nothing was told of it",
        "it was put there by {by} and gives nothing",
    ],
)
def test_a_sentence_without_a_next_step_is_found_out(text: str) -> None:
    assert not Refusal("", "", text).helps


HELP = {
    "UnknownPlatform": "see numtrustctl platforms",
    "UnknownCase": "see numtrustctl cases",
    "UnknownTask": "see numtrustctl tasks",
    "Busy": "try again",
    "NotReady": "try again",
    "Damaged": "put a backup in its place",
    "InternalError": "journalctl -u numtrustd",
    "SuspectedPhishing": "--vouch",
    "ConfigRejected": "correct it",
}
"""What the client adds to errors that do not say it themselves."""


@pytest.mark.parametrize("error", dict.fromkeys((*READING, *ACTING)), ids=lambda error: error.__name__)
def test_every_declared_error_is_told_with_what_helps(error: type) -> None:
    fields = structs.fields(error)
    more = {"problems": ("x: give y",), "more": ({"field": "z", "why": "x: give y"},)}
    given = {field.name: more.get(field.name, "x: give y") for field in fields}
    told = "\n".join(refusal.words(f"io.numtrust.Control.{error.__name__}", given))
    assert HELP.get(error.__name__, "give y") in told
