"""A daemon that is older than the client: it is asked for what it knows, and what it does not know is said."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import Struct, structs

from numtrustd.api import control, status
from numtrustd.ctl import older
from numtrustd.ctl.cli import main
from numtrustd.ctl.session import Session
from numtrustd.varlink.client import ErrorReply
from numtrustd.varlink.interface import CallError
from numtrustd.varlink.protocol import InvalidParameter, MethodNotFound
from tests.ctl.conftest import NUMBER

Capture = pytest.CaptureFixture[str]


def knows_not(daemon: Any, method: str, field: str) -> None:
    """Let the daemon refuse a parameter that says something, as one does that does not know it."""
    answer = daemon.answers[method]

    def answered(params: Struct) -> Any:
        return CallError(InvalidParameter(field)) if getattr(params, field) else answer

    daemon.answers[method] = answered


def test_only_what_says_something_is_sent() -> None:
    assert older.given(status.GetStatus()) == {}
    assert older.given(status.ListCases(platform="sogou")) == {"platform": "sogou"}
    assert older.given(status.ListCases(open_only=False, limit=10)) == {"open_only": False, "limit": 10}
    at = datetime(2026, 5, 1, tzinfo=UTC)
    assert older.given(status.History(number="1", before=at)) == {"number": "1", "before": "2026-05-01T00:00:00Z"}
    assert older.given(control.Hold(case="c", author="li", seconds=0.0)) == {
        "case": "c", "author": "li", "seconds": 0.0,
    }  # fmt: skip


def test_a_timeline_is_drawn_of_a_daemon_that_cannot_pick(daemon: Any, capsys: Capture) -> None:
    knows_not(daemon, "History", "actions")
    assert main(["number", NUMBER]) == 0
    assert "timeline" in capsys.readouterr().out
    asked = [params for params in daemon.asked if isinstance(params, status.History)]
    assert [bool(params.actions) for params in asked] == [True, False]
    kept = Session().keep(5.0)
    try:
        kept.ask(status.History(number=NUMBER, actions=("case.",)))
        assert kept.ask(status.GetStatus()).version == "0.1.0", "the connection goes on"
    finally:
        kept.close()


def test_what_acts_is_never_asked_for_less() -> None:
    """A parameter that is not known may be what keeps it from happening."""
    sent = {"number": "1", "rehearse": True}
    error = ErrorReply("org.varlink.service.InvalidParameter", {"parameter": "rehearse"})
    params = control.Observe(number="1", platform="p", surface="s", status="clean", rehearse=True, author="li")
    assert older.without(params, sent, error) is None
    picking = status.History(number="1", actions=("case.",))
    other = ErrorReply("io.numtrust.Status.InvalidArgument", {"field": "actions"})
    assert older.without(picking, older.given(picking), other) is None


@pytest.mark.parametrize(
    ("refused", "what"),
    [(InvalidParameter("finding"), "finding"), (MethodNotFound("io.numtrust.Status.Explain"), "Explain")],
    ids=["parameter", "method"],
)
def test_what_an_older_daemon_does_not_know_is_named_with_its_version(
    daemon: Any, capsys: Capture, refused: Struct, what: str
) -> None:
    daemon.refuse("Explain", refused)
    whole = daemon.answers["GetStatus"]
    daemon.answers["GetStatus"] = structs.replace(whole, version="0.0.9")
    assert main(["explain", NUMBER]) == 1
    said = capsys.readouterr().err
    assert "the daemon is version 0.0.9, this program is version 0.1.0: it does not know" in said
    assert what in said
    assert "restart the daemon" in said
    daemon.answers["GetStatus"] = whole
    assert main(["explain", NUMBER]) == 1
    assert "the daemon is version" not in capsys.readouterr().err, "the same one is not older"
