"""The simulated vendor's batches, over its wire: taken in, answered one by one, and every trouble that it can have."""

from typing import Any

import msgspec
import pytest

from numtrustd.domain.batch import Absent, Declined, Taken, Unclear
from numtrustd.domain.number import from_canonical
from numtrustd.domain.observation import Observation, Status, UnknownReason
from numtrustd.probes import collect
from numtrustd.probes.batch import SubmitCall
from numtrustd.probes.extract import extract
from numtrustd.sim.script import Faults, Item, Label, Story, Weather, Window
from numtrustd.sim.service import Answer, Service
from numtrustd.sim.traits import DAY, HOUR
from numtrustd.sim.world import World
from numtrustd.wire.exchange import Failure, Outcome, Reply, Unknown
from numtrustd.wire.spec import RequestSpec
from numtrustd.wire.template import NUMBER_LIST, compile_request
from tests.packs import sources

T0 = 1_772_413_200.0
ONE, TWO = "+8613800138000", "+862151288888"
SOURCE = sources()["contract_aggregator.batch"]
SPEC = SOURCE.batch
assert SPEC is not None
assert SPEC.look_up is not None


def world(*items: Item) -> Service:
    return Service(World.create(seed=6, origin=T0, story=Story("test", items)))


def send(service: Service, spec: RequestSpec, now: float, **values: str) -> Outcome:
    template = compile_request(spec, "http://127.0.0.1:9/contract_aggregator")
    request = template.fill({"secret:contract-aggregator-key": "k", **values})
    result = service.handle(request.method, request.target, request.headers, request.body, now)
    if not isinstance(result, Answer) or result.cut:
        return Unknown(Failure.RESET)
    return Reply(result.status, result.headers, result.body)


def hand_in(service: Service, now: float = T0, ref: str = "r-1") -> Any:
    numbers = "\n".join(from_canonical(n).national for n in (ONE, TWO))
    return collect.submitted(
        SPEC.submit, send(service, SPEC.submit.request, now, **{"ref": ref, NUMBER_LIST: numbers}), ref
    )


def look_up(service: Service, ref: str, call: SubmitCall) -> Any:
    return collect.submitted(call, send(service, call.request, T0, ref=ref), ref)


def seen(service: Service, task: str, number: str, now: float) -> dict[str, Observation]:
    outcome = send(service, SPEC.collect.request, now, task=task)
    return {o.platform: o for o in extract(SOURCE, from_canonical(number), outcome, now, {}, (task,))}


def test_answers_come_one_by_one_and_say_what_is_so() -> None:
    service = world(Label(ONE, "tencent", "骚扰电话", marks=12, spreads=False, per_day=0.0))
    assert hand_in(service) == Taken("B1")
    assert {o.reason for o in seen(service, "B1", ONE, T0 + 60).values()} == {UnknownReason.PENDING}
    found = seen(service, "B1", ONE, T0 + 2 * HOUR)
    assert (found["tencent"].status, found["tencent"].words, found["tencent"].marks) == (Status.MARKED, "骚扰电话", 12)
    assert found["baidu"].status is Status.CLEAN
    assert seen(service, "B1", TWO, T0 + 2 * HOUR)["tencent"].status is Status.CLEAN
    assert service.batches.charged == {ONE: 1, TWO: 1}


def test_a_batch_is_found_by_our_reference() -> None:
    service = world()
    hand_in(service)
    assert SPEC.look_up is not None
    assert look_up(service, "r-1", SPEC.look_up) == Taken("B1")
    assert look_up(service, "r-2", SPEC.look_up) == Absent()


def test_an_answer_that_is_lost_is_one_that_was_taken_in() -> None:
    service = world()
    service.world.inject(Faults(lost=1.0), T0)
    assert isinstance(hand_in(service), Unclear)
    assert service.batches.orders == {"r-1": 1}


def test_tasks_are_not_kept_for_ever() -> None:
    service = world()
    hand_in(service)
    answer = send(service, SPEC.collect.request, T0 + 4 * DAY, task="B1")
    assert isinstance(answer, Reply)
    assert collect.collected(SPEC, SOURCE.echo, SOURCE.views, answer, "B1").gone


@pytest.mark.parametrize(
    ("weather", "reason"),
    [
        (Weather.MAINTENANCE, UnknownReason.MAINTENANCE),
        (Weather.EMPTY, UnknownReason.EMPTY),
        (Weather.PENDING, UnknownReason.PENDING),
        (Weather.WRONG_CARD, UnknownReason.WRONG_CARD),
        (Weather.LIMITED, UnknownReason.RATE_LIMITED),
        (Weather.FORBIDDEN, UnknownReason.REFUSED),
        (Weather.OUTAGE, UnknownReason.HTTP_ERROR),
        (Weather.GARBAGE, UnknownReason.BAD_SHAPE),
        (Weather.LOGIN, UnknownReason.LOGIN),
    ],
)
def test_each_trouble_reads_as_what_it_is(weather: Weather, reason: UnknownReason) -> None:
    service = world(Window(weather, "contract_aggregator", at=HOUR, until=DAY))
    hand_in(service)
    assert {o.reason for o in seen(service, "B1", ONE, T0 + 3 * HOUR).values()} == {reason}


def test_what_is_no_number_is_refused_whole() -> None:
    service = world()
    body = msgspec.json.encode({"order": "r-1", "phones": ["13800138000", "x"]})
    result = service.handle("POST", "/contract_aggregator/v1/mark/batch", (("authorization", "k"),), body, T0)
    assert isinstance(result, Answer)
    said = collect.submitted(SPEC.submit, Reply(result.status, result.headers, result.body), "r-1")
    assert said == Declined(UnknownReason.REFUSED, "号码格式错误")
    assert not service.batches.charged
