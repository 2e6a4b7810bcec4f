"""A source that can only say that there is a label is seen through, and waited for by no case."""

from numtrustd.actors import policy
from numtrustd.actors.context import Context
from numtrustd.actors.present import Present
from numtrustd.domain.number import NumberKind
from numtrustd.domain.platform import Platform, PlatformClass
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.workflows.request import AppealData
from numtrustd.probes.spec import Reading
from tests.actors.house import LANDLINE, MOBILE, T0, number, source

WITNESS = source("alpha", id="alpha.page", readings=(Reading("alpha", "page"),), rules=source("alpha").rules[:1])
FULL = source("alpha", kinds=(NumberKind.MOBILE,))
CONTEXT = Context(
    store="s",
    numbers={n: number(n) for n in (MOBILE, LANDLINE)},
    platforms={"alpha": Platform("alpha", "Alpha", PlatformClass.SEARCH_ENGINE)},
    sources={WITNESS.id: WITNESS, FULL.id: FULL},
    channels={},
)


def test_a_witness_need_not_come_out_clean() -> None:
    assert not WITNESS.clears
    owned = CONTEXT.numbers[MOBILE]
    assert CONTEXT.views(owned, "alpha") == ("alpha.api/default",)
    record = NumberRecord(MOBILE, T0)
    told = policy.request_policy(CONTEXT, owned, record, "alpha", "appeal", AppealData(), T0, Present())
    assert told.views == ("alpha.api/default",)


def test_where_there_are_only_witnesses_no_view_can_prove_anything() -> None:
    assert CONTEXT.views(CONTEXT.numbers[LANDLINE], "alpha") == ()


def test_what_a_witness_sees_is_seen() -> None:
    assert CONTEXT.visible[NumberKind.LANDLINE] == ("alpha",)
    assert CONTEXT.seen_numbers == {"alpha": 2}
