"""How far one request came.

`transport` and `dialler` write it while they work; `client` reads it when the end was not an answer.
"""

from numtrustd.http.fault import Fault
from numtrustd.http.framing import Answer
from numtrustd.wire.exchange import Failure


class Exchange:
    """One request's progress. `stage` is what is being done, in words that follow "last …".

    `dealing_with` is the proxy that a connection is being made through, while nobody else can be to blame for what
    goes wrong; else it is empty.
    """

    __slots__ = ("answer", "dealing_with", "sent", "stage")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Ready for the next request."""
        self.stage = "waiting for a free connection"
        self.dealing_with = ""
        self.sent = False
        self.answer: Answer | None = None

    def fault(self, failure: Failure, detail: str) -> Fault:
        """The fault as whoever is being dealt with has it: a proxy's failure is not the platform's."""
        if self.dealing_with:
            return Fault(Failure.WAY_OUT, f"{self.dealing_with}: {detail}")
        return Fault(failure, detail)
