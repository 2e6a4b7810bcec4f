"""An appeal's HTTP channel as a pack declares it: three calls, each a request and the rules that read its answer."""

from msgspec import Struct

from numtrustd.wire.exchange import Limits
from numtrustd.wire.spec import Condition, Pick, RequestSpec, View
from numtrustd.wire.template import CASE_NAMES, NUMBER_NAMES

SUBMIT_NAMES = CASE_NAMES - {"receipt"}
QUERY_NAMES = NUMBER_NAMES | {"ref", "receipt"}
LOOK_UP_NAMES = NUMBER_NAMES | {"ref"}
"""The placeholders that have a value in each call: a receipt is only known once the platform has answered."""

FIELD_NAMES = SUBMIT_NAMES | {
    "words",
    "wanted",
    "company",
    "licence_number",
    "contact_name",
    "contact_phone",
    "contact_email",
}
"""The placeholders that have a value in the fields of a form that a person fills in."""


class SayAccepted(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="accepted"):
    """The platform has the submission (or, on a look-up, has had it all along)."""

    receipt: Pick


class SayRefused(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="refused"):
    """A documented refusal: nothing was taken in."""

    reason: Pick


class SayLater(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="later"):
    """Not taken in, and the platform documents that it may be sent again later (its 429)."""


class SayInReview(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="in_review"):
    """Still being looked at."""


class SayApproved(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="approved"):
    """The platform agreed; the label is not gone before it is seen to be gone."""


class SayRejected(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="rejected"):
    """The platform disagreed."""

    reason: Pick


class SayInfoRequested(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="info_requested"):
    """The platform wants more papers."""

    what: Pick


class SayNotFound(Struct, frozen=True, forbid_unknown_fields=True, tag_field="say", tag="not_found"):
    """A whole, well-formed answer that does not hold the reference asked for."""


ChannelSay = (
    SayAccepted | SayRefused | SayLater | SayInReview | SayApproved | SayRejected | SayInfoRequested | SayNotFound
)


class AnswerRule(Struct, frozen=True, forbid_unknown_fields=True):
    """When all conditions hold, this is what the platform said. No match: nobody knows."""

    name: str
    when: tuple[Condition, ...]
    then: ChannelSay


class Call(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One call of a channel."""

    request: RequestSpec
    rules: tuple[AnswerRule, ...]
    views: dict[str, View] = {}


class HttpChannel(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An appeal API. `settle` is how long a submission may be on its way before a look-up can prove its absence."""

    submit: Call
    query: Call | None = None
    look_up: Call | None = None
    interval: float = 1.0
    settle: float = 600.0
    limits: Limits = Limits()


class ManualChannel(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person needs to appeal by hand: the official address, the form's fields, the receipt to bring back.

    Only the values of `fields` are templates, with `FIELD_NAMES`.
    """

    address: str
    fields: dict[str, str] = {}
    steps: tuple[str, ...] = ()
    bring_back: str = ""


Channel = HttpChannel | ManualChannel
