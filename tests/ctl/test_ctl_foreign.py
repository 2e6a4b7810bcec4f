"""Our interfaces through a client that is not ours: it holds every reply against the description."""

import os
from typing import Any

import pytest
import varlink  # type: ignore[import-untyped]  # ships no types
from msgspec import structs

from numtrustd.api import CONTROL, STATUS, errors
from numtrustd.api.declare import InterfaceSpec

ARGUMENTS: dict[str, Any] = {
    "number": "+862151288888",
    "case": "+862151288888/so360/1",
    "task": "+862151288888/so360/1/3.0",
    "platform": "so360",
    "path": "/b",
    "source": "so360.onebox",
    "level": "debug",
    "surface": "incoming_call",
    "status": "clean",
    "text": "https://so.com",
    "why": "closed",
    "what": "expedite",
    "kind": "major",
    "targets": ["so360"],
    "seconds": 60.0,
    "silence": "s-1",
    "reason": "refused",
    "rows": [{"number": "+862151288888", "day": "2026-11-20", "calls": 3, "answered": 1}],
}


def address(name: str) -> str:
    return f"unix:{os.environ['NUMTRUSTD_SOCKET_DIR']}/{name}"


@pytest.mark.parametrize(
    ("spec", "socket"), [(STATUS, "status.sock"), (STATUS, "control.sock"), (CONTROL, "control.sock")]
)
def test_every_method_answers_as_it_is_described(daemon: Any, spec: InterfaceSpec, socket: str) -> None:
    with varlink.Client(address(socket)) as client, client.open(spec.name) as connection:
        for method in spec.methods:
            given = {k: v for k, v in ARGUMENTS.items() if k in method.params.__struct_fields__}
            given |= {"reason": "disused"} if method.name == "Cancel" else {}
            call = getattr(connection, method.name)
            if method.stream == "no":
                replies = [call(**given)]
            elif method.stream == "pages":
                replies = list(call(**given, _more=True))
                assert replies[0] == call(**given)
            else:
                stream = call(**given, _more=True)
                replies = [next(stream), next(stream)]
                with pytest.raises(varlink.VarlinkError):
                    next(stream)
            fields = structs.fields(method.result)
            for reply in replies:
                assert {f.encode_name for f in fields if f.required} <= set(reply)
                assert set(reply) <= {f.encode_name for f in fields}


def test_refusals_are_declared_errors(daemon: Any) -> None:
    daemon.refuse("GetNumber", errors.UnknownNumber("1", "not watched"))
    with varlink.Client(address("status.sock")) as client, client.open(STATUS.name) as connection:
        with pytest.raises(varlink.VarlinkError) as caught:
            connection.GetNumber("1")
        assert caught.value.error() == "io.numtrust.Status.UnknownNumber"
        assert caught.value.parameters() == {"number": "1", "why": "not watched"}
        with pytest.raises(varlink.VarlinkError) as caught:
            connection.Watch()
        assert caught.value.error() == "org.varlink.service.ExpectedMore"
        with pytest.raises(varlink.InvalidParameter):
            connection.ListNumbers(limit=100_000)


def test_the_looking_socket_cannot_act(daemon: Any) -> None:
    with varlink.Client(address("status.sock")) as client:
        assert [str(i) for i in client.get_interfaces()] == ["org.varlink.service", STATUS.name]
        with pytest.raises(varlink.InterfaceNotFound), client.open_connection() as raw:
            client.open(CONTROL.name, connection=raw)
    with varlink.Client(address("control.sock")) as client:
        assert [str(i) for i in client.get_interfaces()] == ["org.varlink.service", STATUS.name, CONTROL.name]
