"""The two control sockets, from systemd or our own: who may only look comes in by one, who may act by the other.

The daemon serves its interfaces on them; in safe mode `refusing` answers instead, and says why.
"""

import contextlib
from collections.abc import AsyncGenerator, Callable, MutableMapping, Sequence
from typing import Any

import trio
from msgspec import Struct

from numtrustd import __version__
from numtrustd.api import CONTROL, STATUS, errors
from numtrustd.settings import Loaded
from numtrustd.varlink.interface import Call, CallError, Handler, Interface, Peer, Stream, bind
from numtrustd.varlink.listeners import ListenError, inherited, listen
from numtrustd.varlink.server import Drop, Service

OnError = Callable[[str, Peer, Exception], Struct]
OnDrop = Callable[[Peer, Drop], None]


async def serve(
    loaded: Loaded,
    environ: MutableMapping[str, str],
    interfaces: tuple[Interface, Interface],
    on_error: OnError,
    on_drop: OnDrop,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve (what looks, what acts) until cancelled. Raises `ListenError` when a socket cannot be had."""
    settings = loaded.settings.control
    looking, acting = interfaces
    handed_down = inherited(environ)
    with contextlib.ExitStack() as stack:
        status = handed_down.get("status")
        if status is None:
            status = stack.enter_context(listen(loaded.status_socket, mode=settings.status_mode)).listener
        control = handed_down.get("control")
        if control is None:
            group = settings.group or None
            try:
                made = listen(loaded.control_socket, mode=settings.control_mode, group=group)
            except ListenError as error:
                raise ListenError(
                    f'{error}; or set [control] group = "" and the sockets\' paths in {loaded.path}'
                ) from error
            control = stack.enter_context(made).listener
        async with trio.open_nursery() as nursery:
            await nursery.start(_service((looking,), on_error, on_drop).serve, [status])
            await nursery.start(_service((looking, acting), on_error, on_drop).serve, [control])
            task_status.started()


def _service(interfaces: Sequence[Interface], on_error: OnError, on_drop: OnDrop) -> Service:
    return Service(
        vendor="numtrustd",
        product="numtrustd",
        version=__version__,
        url="https://numtrust.invalid/",
        interfaces=interfaces,
        on_error=on_error,
        on_drop=on_drop,
    )


def refusing(why: str) -> tuple[Interface, Interface]:
    """Both interfaces with every method answering `NotReady` and this reason."""

    async def refuse(params: Any, call: Call) -> Struct:
        raise CallError(errors.NotReady(why))

    async def refuse_stream(params: Any, call: Call) -> AsyncGenerator[Struct, None]:
        if why:  # always: what makes this a generator stands below
            raise CallError(errors.NotReady(why))
        yield params

    def handlers(declaration: Any) -> dict[str, Handler]:
        return {m.name: refuse if m.stream == Stream.NO else refuse_stream for m in declaration.methods}

    return bind(STATUS, handlers(STATUS)), bind(CONTROL, handlers(CONTROL))
