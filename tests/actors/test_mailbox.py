"""A bounded inbox: order, refusal at once when full, cancellation that loses nothing."""

import gc
import weakref

import pytest
import trio
import trio.testing

from numtrustd.actors.mailbox import CAPACITY, BusyError, Mailbox, Reply


async def test_messages_come_out_in_order() -> None:
    box: Mailbox[int] = Mailbox()
    for n in range(10):
        box.post(n)
    assert [await box.take() for _ in range(10)] == list(range(10))
    assert len(box) == 0


async def test_a_waiting_reader_is_woken() -> None:
    box: Mailbox[str] = Mailbox()
    got: list[str] = []

    async def read() -> None:
        got.extend([await box.take(), await box.take()])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        box.post("a")
        box.post("b")
    assert got == ["a", "b"]


async def test_a_full_box_refuses_at_once_and_keeps_what_it_has() -> None:
    box: Mailbox[int] = Mailbox()
    for n in range(CAPACITY):
        box.post(n)
    with pytest.raises(BusyError, match="full"):
        box.post(99)
    assert await box.take() == 0
    box.post(100)
    assert box.drain()[-1] == 100


async def test_a_closed_box_refuses() -> None:
    box: Mailbox[int] = Mailbox()
    box.closed = True
    with pytest.raises(BusyError, match="parked"):
        box.post(1)


async def test_a_cancelled_reader_loses_no_message() -> None:
    box: Mailbox[int] = Mailbox()
    with trio.move_on_after(0) as scope:
        await box.take()
    assert scope.cancelled_caught
    box.post(1)
    assert await box.take() == 1


async def test_a_reply_is_a_value_or_the_error_that_ended_the_attempt() -> None:
    good: Reply[int] = Reply()
    good.set(1)
    good.set(2)
    assert await good.wait() == 1
    bad: Reply[int] = Reply()
    bad.fail(KeyError("x"))
    with pytest.raises(KeyError):
        await bad.wait()
    with pytest.raises(RuntimeError, match="raised before"):
        await bad.wait()


@pytest.mark.covers("P6")
async def test_an_exception_that_was_answered_with_holds_on_to_nothing() -> None:
    """Its traceback holds the frames of actor and caller, and with them a message that holds the reply: no circle."""

    class Held:
        """Stands for what they had in hand."""

    held: list[weakref.ref[Held]] = []

    async def acts(reply: Reply[int]) -> None:
        in_hand = Held()
        held.append(weakref.ref(in_hand))
        try:
            raise KeyError("x")
        except KeyError as error:
            reply.fail(error)

    async def asks() -> str:
        reply: Reply[int] = Reply()
        await acts(reply)
        try:
            await reply.wait()
        except KeyError as error:
            return str(error)
        return ""

    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            assert await asks() == "'x'"
        assert [ref() for ref in held] == [None] * 10
    finally:
        gc.enable()
