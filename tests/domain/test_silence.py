"""Silences and acks: what they cover, for how long, and what they have no say in."""

import pytest

from numtrustd.domain.silence import Ack, Scope, Silence, Target, covering, quiets
from numtrustd.events import CATALOGUE

NUMBER = "+8613800138000"


def silence(*targets: Target, until: float = 100.0, identity: str = "s") -> Silence:
    return Silence(identity, targets, 0.0, until, "li", "known")


@pytest.mark.parametrize(
    ("target", "covered"),
    [
        (Target(Scope.NUMBER, NUMBER), True),
        (Target(Scope.NUMBER, "+8613800138001"), False),
        (Target(Scope.PLATFORM, "alpha"), True),
        (Target(Scope.PLATFORM, NUMBER), False),
        (Target(Scope.GROUP, "sales"), True),
        (Target(Scope.GROUP, "alpha"), False),
        (Target(Scope.GROUP, ""), False),
    ],
)
def test_a_target_is_a_number_a_platform_or_a_group(target: Target, covered: bool) -> None:
    found = covering([silence(target)], 0.0, number=NUMBER, platform="alpha", group="sales")
    assert (found is not None) is covered


def test_what_is_not_known_is_not_covered() -> None:
    assert covering([silence(Target(Scope.GROUP, ""), Target(Scope.PLATFORM, ""))], 0.0, number=NUMBER) is None


def test_it_ends_when_it_said_and_the_longest_one_is_named() -> None:
    target = Target(Scope.NUMBER, NUMBER)
    both = [silence(target, until=50.0, identity="a"), silence(target, until=100.0, identity="b")]
    found = covering(both, 49.0, number=NUMBER)
    assert found is not None
    assert found.id == "b"
    assert covering(both, 100.0, number=NUMBER) is None


def test_what_befalls_the_daemon_itself_is_never_quieted() -> None:
    loud = {action.partition(".")[0] for action in CATALOGUE if not quiets(action)}
    assert {"daemon", "store", "source", "actor", "config", "control", "log", "clock", "network", "phishing"} <= loud
    assert quiets("finding.opened")
    assert not quiets("findings")


def test_an_ack_is_of_one_state_at_one_time() -> None:
    ack = Ack("c", "in_review", 10.0, 20.0, "li")
    assert ack.holds("in_review", 10.0)
    assert not ack.holds("waiting", 10.0)
    assert not ack.holds("in_review", 30.0)
