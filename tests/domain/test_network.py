"""Our own network: told from a platform's trouble by everybody's being out of reach."""

from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.network import HOSTS, WINDOW, Network, heard

ATTEMPTS = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.1, 600.0), st.booleans()), max_size=40)


def after(attempts: list[tuple[str, float, bool]]) -> tuple[Network, float]:
    network, now = Network(), 1_000.0
    for host, passed, reached in attempts:
        now += passed
        network = heard(network, host, now, reached=reached)
    return network, now


def test_one_host_alone_tells_nothing_and_two_do() -> None:
    network, _ = after([("a", 1.0, False)] * 20)
    assert network.down_since is None
    network, now = after([("a", 1.0, False), ("b", 1.0, False)])
    assert network.down_since == now
    assert network.unreached == ("a", "b")


def test_somebody_who_was_reached_lately_speaks_against_it_for_a_while() -> None:
    first = [("a", 0.0, True), ("b", 1.0, False), ("c", 1.0, False)]
    assert after(first)[0].down_since is None
    assert after([*first, ("c", WINDOW, False), ("b", 1.0, False)])[0].down_since is not None


@given(ATTEMPTS)
def test_whoever_is_reached_ends_it(attempts: list[tuple[str, float, bool]]) -> None:
    network, now = after(attempts)
    assert heard(network, "a", now, reached=True).down_since is None


@given(ATTEMPTS)
def test_it_is_down_only_while_nobody_at_all_is_reached(attempts: list[tuple[str, float, bool]]) -> None:
    network, now = after(attempts)
    if network.down_since is None:
        return
    since = [(host, reached) for host, at, reached in timed(attempts) if network.down_since <= at <= now]
    assert not any(reached for _, reached in since)
    assert len({host for host, at, reached in timed(attempts) if not reached}) >= HOSTS


def timed(attempts: list[tuple[str, float, bool]]) -> list[tuple[str, float, bool]]:
    now, found = 1_000.0, []
    for host, passed, reached in attempts:
        now += passed
        found.append((host, now, reached))
    return found
