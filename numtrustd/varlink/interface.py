"""What a service offers: interfaces, their methods and errors, and who is calling.

A declaration (names, types, documentation) may live in a lower layer that knows nothing of this package;
`bind` joins it with the handlers and refuses a missing or superfluous one, so that a method cannot be
announced and not served."""

import enum
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec import Struct

from numtrustd.varlink.idl import describe


class Stream(enum.StrEnum):
    """How a method answers."""

    NO = "no"  # once; the handler is an async function
    PAGES = "pages"  # an async generator that ends; without `more` the first page is the answer
    ENDLESS = "endless"  # an async generator that goes on until somebody leaves; `more` is required


@dataclass(frozen=True)
class Peer:
    """The other end as the kernel knows it. Under PrivateUsers= every uid but root's reads 65534, so nothing
    may be decided by it that the socket's file mode does not already decide."""

    pid: int
    uid: int
    gid: int


@dataclass(frozen=True)
class Call:
    """The circumstances of one call."""

    method: str
    peer: Peer
    more: bool = False
    oneway: bool = False


class CallError(Exception):
    """Raised by a handler to answer with a declared error: `parameters` is an instance of one of the
    interface's error structs, whose class name is the error's name."""

    def __init__(self, parameters: Struct) -> None:
        super().__init__(f"{type(parameters).__name__}: {parameters}")
        self.parameters = parameters


Handler = Callable[[Any, Call], Awaitable[Struct]] | Callable[[Any, Call], AsyncGenerator[Struct, None]]
"""(decoded parameters, call) -> result, or an async generator of results where the method streams."""


@dataclass(frozen=True)
class Method:
    """One method. `params` and `result` are Struct types."""

    params: type[Struct]
    result: type[Struct]
    handler: Handler
    doc: str = ""
    stream: Stream = Stream.NO


class MethodDeclaration(Protocol):
    """A method without its handler."""

    @property
    def name(self) -> str: ...
    @property
    def params(self) -> type[Struct]: ...
    @property
    def result(self) -> type[Struct]: ...
    @property
    def doc(self) -> str: ...
    @property
    def stream(self) -> str: ...


class InterfaceDeclaration(Protocol):
    """An interface without its handlers."""

    @property
    def name(self) -> str: ...
    @property
    def doc(self) -> str: ...
    @property
    def methods(self) -> Sequence[MethodDeclaration]: ...
    @property
    def errors(self) -> Sequence[type[Struct]]: ...


_INTERFACE_NAME = re.compile(r"[A-Za-z]([-]*[A-Za-z0-9])*(\.[A-Za-z0-9]([-]*[A-Za-z0-9])*)+")


class Interface:
    """Named methods and the errors they may answer with; `description` is its text in Varlink's definition
    language.

    Raises ValueError where names or types cannot be said in that language.
    """

    def __init__(self, name: str, doc: str, methods: Mapping[str, Method], errors: Sequence[type[Struct]] = ()) -> None:
        if not _INTERFACE_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a Varlink interface name")
        self.name = name
        self.doc = doc
        self.methods = dict(methods)
        self.errors = frozenset(errors)
        self.description = describe(
            name,
            doc,
            [(n, m.params, m.result, _streaming_note(m)) for n, m in methods.items()],
            errors,
        )


def _streaming_note(method: Method) -> str:
    # The bracketed lines are the words by which sd-varlink marks such methods in its own descriptions.
    match method.stream:
        case Stream.PAGES:
            return f"{method.doc}\n[Supports 'more' flag]"
        case Stream.ENDLESS:
            return f"{method.doc}\n[Requires 'more' flag]"
        case _:
            return method.doc


def bind(declaration: InterfaceDeclaration, handlers: Mapping[str, Handler]) -> Interface:
    """The declared interface with a handler for each method. Raises ValueError when the two do not match
    exactly."""
    declared = [m.name for m in declaration.methods]
    missing = [name for name in declared if name not in handlers]
    superfluous = [name for name in handlers if name not in declared]
    if missing or superfluous:
        raise ValueError(
            f"{declaration.name}: no handler for {missing or 'none'}, no method for {superfluous or 'none'}"
        )
    return Interface(
        declaration.name,
        declaration.doc,
        {m.name: Method(m.params, m.result, handlers[m.name], m.doc, Stream(m.stream)) for m in declaration.methods},
        declaration.errors,
    )
