"""An asynchronous batch as a pack declares it: how many numbers are handed in, and how the answers are fetched later.

`spec` holds this beside the request of a source that answers at once, `collect` reads the two answers (pure),
`domain.batch` decides what becomes of one batch. What stands in the source itself (views, echo, guards, readings,
rules) is about one number's item, as if the platform had been asked about that number alone and had answered with it.
"""

from typing import Annotated

from msgspec import Meta, Struct

from numtrustd.domain.observation import UnknownReason
from numtrustd.wire.spec import Condition, Locator, Pick, RequestSpec, View
from numtrustd.wire.template import BATCH_NAMES

SUBMIT_NAMES = frozenset({"numbers", "ref"})
COLLECT_NAMES = frozenset({"task", "ref"})
LOOK_UP_NAMES = frozenset({"ref"})
"""The placeholders that have a value in each call."""

assert SUBMIT_NAMES | COLLECT_NAMES | LOOK_UP_NAMES <= BATCH_NAMES

MOST = 5_000
"""Numbers in one batch: no longer list of an answer is read."""


class SayAccepted(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="accepted"):
    """The platform has the batch, under this task id."""

    task: Pick


class SayRefused(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="refused"):
    """A documented refusal: nothing was taken in, nothing is charged."""

    reason: Pick | None = None


class SayLater(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="later"):
    """Not taken in, and the platform documents that it may be sent again later (its 429)."""


class SayNotFound(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="not_found"):
    """On a look-up: a whole, well-formed answer that does not hold our reference."""


class SubmitRule(Struct, frozen=True, forbid_unknown_fields=True):
    """When all conditions hold, this is what the platform said. No match: nobody knows."""

    name: str
    when: tuple[Condition, ...]
    then: SayAccepted | SayRefused | SayLater | SayNotFound


class SubmitCall(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request that hands a batch in, or looks one up by our own reference."""

    request: RequestSpec
    rules: tuple[SubmitRule, ...]
    views: dict[str, View] = {}


class SayItems(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="items"):
    """Items may be read; what is not there yet may still come."""


class SayDone(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="done"):
    """Items may be read, and none will come after these."""


class SayPending(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="pending"):
    """Nothing is there yet."""


class SayGone(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="gone"):
    """The platform knows no such task, or knows it no longer: nothing will ever come."""


class SayNothing(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="unknown"):
    """Nothing can be said now, and why; it is asked again."""

    reason: UnknownReason


class CollectRule(Struct, frozen=True, forbid_unknown_fields=True):
    """When all conditions hold, this is how far the task is. The first that matches wins; after the last comes
    `unknown(bad_shape)`."""

    name: str
    when: tuple[Condition, ...]
    then: SayItems | SayDone | SayPending | SayGone | SayNothing


class CollectCall(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request that fetches what is there. `items` is the list in it, one element for each number."""

    request: RequestSpec
    items: Locator
    rules: tuple[CollectRule, ...]
    views: dict[str, View] = {}


class BatchSpec(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a source takes numbers in batches. Times are seconds of the daemon's clock.

    A batch leaves as soon as `most` numbers are due, or `gather` after the first was. It is collected `ready_after`
    it was taken in, then every `poll`, and given up `give_up` after it left; answers that come within as long again
    still count. `number` is how one number is written, `separator` what stands between them in a text; a JSON list
    `["{numbers}"]` becomes a list of them. `settle` is how long a submission may be on its way before a look-up can
    prove that it did not arrive.
    """

    submit: SubmitCall
    collect: CollectCall
    look_up: SubmitCall | None = None
    most: Annotated[int, Meta(ge=1, le=MOST)] = 100
    gather: float = 600.0
    ready_after: float = 3_600.0
    poll: float = 1_200.0
    give_up: float = 86_400.0
    settle: float = 600.0
    number: str = "{national}"
    separator: str = ","

    @property
    def requests(self) -> tuple[tuple[str, RequestSpec], ...]:
        """(the call's table, its request)."""
        each = [("submit", self.submit.request), ("collect", self.collect.request)]
        return (*each, ("look_up", self.look_up.request)) if self.look_up is not None else tuple(each)
