"""The simulator and the shipped packs agree: a look says what the world knows to be so, or says nothing."""

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd.channels import answer as channel
from numtrustd.channels.spec import HttpChannel
from numtrustd.domain.label import Category, classify
from numtrustd.domain.number import Number, from_canonical
from numtrustd.domain.observation import Observation, Status, UnknownReason
from numtrustd.probes.extract import extract
from numtrustd.sim.ground import Face
from numtrustd.sim.script import Certify, Faults, Habits, Item, Label, Mood, Review, Story, Weather, Window
from numtrustd.sim.service import Answer, Service
from numtrustd.sim.traits import DAY, HOUR, SERVICES, TRAITS, serves
from numtrustd.sim.world import World
from numtrustd.wire.exchange import Failure, Outcome, Reply, Request, Unknown
from numtrustd.wire.template import compile_request, number_values
from tests.packs import shipped, sources

T0 = 1_772_413_200.0
CHINESE = ("+8613800138000", "+862151288888", "4008101234", "95588")
AMERICAN = "+14155552671"
GIVEN = {
    "var:host": "marks.example.com",
    "var:enterprise_id": "4a6192a4-573d-446d-b3ce-aff9117272a6",
    "var:contact_email": "ops@example.com",
    "secret:telnyx-api-key": "k",
    "secret:contract-aggregator-key": "k",
}
SIMULATED = ("so360.onebox", "sogou.search", "contract_aggregator.query", "telnyx.reputation")
"""One way to look for each service of the simulator. The others do without a simulation; their fixtures prove them."""
READS = {name: [reading.platform for reading in sources()[name].readings] for name in SIMULATED}
WORDS: Mapping[str, Mapping[str, Category]] = {pid: pack.platform.words for pid, pack in shipped().items()}


def send(service: Service, request: Request, now: float) -> Outcome:
    """As the fetchers do, without their time."""
    result = service.handle(request.method, request.target, request.headers, request.body, now)
    if not isinstance(result, Answer) or result.cut:
        return Unknown(Failure.RESET)
    return Reply(result.status, result.headers, result.body)


def look(service: Service, source_id: str, number: str, now: float) -> dict[str, Observation]:
    source = sources()[source_id]
    mounted = compile_request(source.request, f"http://127.0.0.1:9/{source_id}")
    outcome = send(service, mounted.fill({**GIVEN, **number_values(from_canonical(number))}), now)
    found = extract(source, from_canonical(number), outcome, now, WORDS)
    return {observation.platform: observation for observation in found}


def world(*items: Item) -> Service:
    return Service(World.create(seed=6, origin=T0, story=Story("test", items)))


def asked(source_id: str) -> list[str]:
    kinds = sources()[source_id].kinds
    return [n for n in (*CHINESE, AMERICAN) if from_canonical(n).kind in kinds]


def agree(observation: Observation, face: Face) -> None:
    """What was seen is what is there."""
    if face.words is not None:
        assert observation.status is Status.MARKED
        category = classify(face.words, WORDS[observation.platform])[0]
        assert (observation.words, observation.category) == (face.words, category)
        assert observation.marks in (None, face.marks)
    elif face.name:
        assert observation.status is Status.CERTIFIED
        assert observation.name == face.name
    else:
        assert observation.status is Status.CLEAN


LOOKS = [(source, platform, number) for source in READS for platform in READS[source] for number in asked(source)]


@pytest.mark.parametrize(("source", "platform", "number"), LOOKS)
def test_in_fair_weather_a_look_says_what_is_so(source: str, platform: str, number: str) -> None:
    for words in dict.fromkeys(TRAITS[platform].words.values()):
        service = world(Label(number, platform, words, at=HOUR, marks=7))
        for at in (0.0, HOUR):
            seen = look(service, source, number, T0 + at)
            assert set(seen) == set(READS[source])
            for place, observation in seen.items():
                agree(observation, service.world.face(place, number, T0 + at))


@pytest.mark.parametrize(("source", "platform", "number"), [x for x in LOOKS if not TRAITS[x[1]].foreign])
def test_certified_names_are_read(source: str, platform: str, number: str) -> None:
    service = world(Certify(number, platform, "示例科技有限公司"))
    agree(look(service, source, number, T0)[platform], Face(name="示例科技有限公司"))


def test_counts_are_read_where_the_platform_gives_them() -> None:
    number = CHINESE[0]
    labels = [Label(number, p, "骚扰电话", marks=12, spreads=False) for p in ("so360", "tencent")]
    service = world(*labels)
    assert look(service, "so360.onebox", number, T0)["so360"].marks == 12
    assert look(service, "contract_aggregator.query", number, T0)["tencent"].marks == 12


REASONS = {
    ("so360.onebox", Weather.BLOCKED): UnknownReason.BLOCKED,
    ("so360.onebox", Weather.MAINTENANCE): UnknownReason.MAINTENANCE,
    ("so360.onebox", Weather.LIMITED): UnknownReason.RATE_LIMITED,
    ("so360.onebox", Weather.FORBIDDEN): UnknownReason.BLOCKED,
    ("so360.onebox", Weather.EMPTY): UnknownReason.EMPTY,
    ("so360.onebox", Weather.WRONG_CARD): UnknownReason.WRONG_CARD,
    ("so360.onebox", Weather.OUTAGE): UnknownReason.HTTP_ERROR,
    ("sogou.search", Weather.BLOCKED): UnknownReason.BLOCKED,
    ("sogou.search", Weather.MAINTENANCE): UnknownReason.MAINTENANCE,
    ("sogou.search", Weather.LIMITED): UnknownReason.RATE_LIMITED,
    ("sogou.search", Weather.EMPTY): UnknownReason.NO_CARD,
    ("sogou.search", Weather.WRONG_CARD): UnknownReason.WRONG_CARD,
    ("sogou.search", Weather.LOGIN): UnknownReason.LOGIN,
    ("contract_aggregator.query", Weather.MAINTENANCE): UnknownReason.MAINTENANCE,
    ("contract_aggregator.query", Weather.PENDING): UnknownReason.PENDING,
    ("contract_aggregator.query", Weather.EMPTY): UnknownReason.EMPTY,
    ("contract_aggregator.query", Weather.WRONG_CARD): UnknownReason.WRONG_CARD,
    ("contract_aggregator.query", Weather.FORBIDDEN): UnknownReason.REFUSED,
    ("telnyx.reputation", Weather.PENDING): UnknownReason.PENDING,
    ("telnyx.reputation", Weather.WRONG_CARD): UnknownReason.WRONG_CARD,
    ("telnyx.reputation", Weather.LIMITED): UnknownReason.RATE_LIMITED,
}


@pytest.mark.parametrize("source", READS)
@pytest.mark.parametrize("kind", [w for w in Weather if w not in (Weather.SLOW, Weather.FLICKER)])
def test_bad_weather_is_unknown_for_its_reason(source: str, kind: Weather) -> None:
    number = asked(source)[0]
    for label in ((), (Label(number, READS[source][0], "骚扰电话", marks=3),)):
        service = world(*label, Window(kind, source.split(".")[0], until=DAY, detail="60"))
        for observation in look(service, source, number, T0).values():
            assert observation.status is Status.UNKNOWN
            if (source, kind) in REASONS:
                assert observation.reason is REASONS[source, kind], observation


def test_one_platform_in_maintenance_leaves_the_others_readable() -> None:
    service = world(Window(Weather.MAINTENANCE, "baidu", until=DAY), Label(CHINESE[0], "tencent", "响一声"))
    seen = look(service, "contract_aggregator.query", CHINESE[0], T0)
    assert {p: o.status for p, o in seen.items()} == {
        "tencent": Status.MARKED,
        "baidu": Status.UNKNOWN,
        "dianhuabang": Status.CLEAN,
        "teddy": Status.CLEAN,
    }
    assert seen["baidu"].reason is UnknownReason.MAINTENANCE


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    faults=st.builds(
        Faults,
        lost=st.sampled_from((0.0, 0.1)),
        garbage=st.sampled_from((0.0, 0.2)),
        limited=st.sampled_from((0.0, 0.2)),
        error_before=st.sampled_from((0.0, 0.2)),
        cut=st.sampled_from((0.0, 0.2)),
        hostile=st.booleans(),
    ),
    windows=st.lists(
        st.builds(
            Window,
            st.sampled_from(list(Weather)),
            st.sampled_from(("so360", "sogou", "contract_aggregator", "telnyx", "baidu", "tencent")),
            at=st.floats(0, 10 * DAY),
            until=st.floats(0, 20 * DAY),
        ),
        max_size=4,
    ),
)
def test_whatever_happens_a_known_observation_is_true(seed: int, faults: Faults, windows: list[Window]) -> None:
    numbers = (CHINESE[0], AMERICAN)
    habits = Habits(label_rate=0.2, return_chance=0.3)
    story = Story("storm", (faults, *windows))
    made = World.create(seed=seed, origin=T0, numbers=numbers, story=story, habits=habits)
    service = Service(made)
    for step in range(12):
        now = T0 + step * 1.5 * DAY
        for source in READS:
            number = AMERICAN if source.startswith("telnyx") else CHINESE[0]
            for platform, observation in look(service, source, number, now).items():
                if observation.known:
                    agree(observation, made.face(platform, number, now))


def call(service: Service, name: str, values: Mapping[str, str], now: float) -> channel.Result:
    http = shipped()["telnyx"].channel
    assert isinstance(http, HttpChannel)
    spec = getattr(http, name)
    number: Number = from_canonical(AMERICAN)
    filled = {**GIVEN, **number_values(number), "letter": "", "purpose": "Calls", "words": "Spam", **values}
    template = compile_request(spec.request, "http://127.0.0.1:9/telnyx")
    return channel.answer(spec, send(service, template.fill(filled), now), filled, now)


def test_an_appeal_over_http_goes_through_every_answer() -> None:
    service = world(
        Label(AMERICAN, "telnyx", "Telemarketing"),
        Review("telnyx", (Mood.REJECT, Mood.STRONGER), took=DAY, cache=HOUR),
    )
    assert call(service, "look_up", {"ref": "NT-A1"}, T0) == channel.NotFound()
    first = call(service, "submit", {"ref": "NT-A1"}, T0)
    assert isinstance(first, channel.Accepted)
    again = call(service, "submit", {"ref": "NT-A1"}, T0 + 60)
    assert isinstance(again, channel.Refused)
    assert "in-flight" in again.reason
    assert call(service, "look_up", {"ref": "NT-A1"}, T0 + 60) == first
    assert call(service, "look_up", {"ref": "NT-A"}, T0 + 60) == channel.NotFound()
    asks = {"receipt": first.receipt, "ref": "NT-A1"}
    assert call(service, "query", asks, T0 + HOUR) == channel.InReview()
    assert isinstance(call(service, "query", asks, T0 + DAY), channel.Rejected)
    more = {"ref": "NT-A2", "purpose": "Calls. Evidence on file: number_ownership."}
    second = call(service, "submit", more, T0 + 2 * DAY)
    assert isinstance(second, channel.Accepted)
    asks = {"receipt": second.receipt, "ref": "NT-A2"}
    assert call(service, "query", asks, T0 + 3 * DAY) == channel.Approved()
    assert [a.ref for a in service.world.appeals("telnyx", T0)] == ["NT-A1", "NT-A2"]


@pytest.mark.parametrize(
    ("fault", "kind", "later"),
    [
        ("lost", channel.Unclear, channel.Accepted),
        ("cut", channel.Unclear, channel.Accepted),
        ("error_after", channel.Unclear, channel.Accepted),
        ("error_before", channel.Unclear, channel.NotFound),
        ("garbage", channel.Unclear, channel.NotFound),
        ("limited", channel.Later, channel.NotFound),
    ],
)
def test_an_unclear_submission_is_found_or_not_by_its_reference(
    fault: str, kind: type[channel.Result], later: type[channel.Result]
) -> None:
    service = world(Label(AMERICAN, "telnyx", "Spam"), msgspec.convert({fault: 1.0}, Faults))
    assert isinstance(call(service, "submit", {"ref": "NT-F1"}, T0), kind)
    service.world.inject(Faults(), T0)
    assert isinstance(call(service, "look_up", {"ref": "NT-F1"}, T0 + 60), later)


def test_every_simulated_platform_is_seen_and_feeds_agree() -> None:
    assert {p for platforms in READS.values() for p in platforms} == set(TRAITS)
    assert {name.partition(".")[0] for name in SIMULATED} == set(SERVICES)
    for trait in TRAITS.values():
        feeds = {feed.platform: feed.lag for feed in shipped()[trait.id].platform.feeds if feed.platform in TRAITS}
        assert set(feeds) == set(trait.feeds)
        for reader, (low, high) in trait.feeds.items():
            assert feeds[reader][0] <= low <= high <= feeds[reader][1]
    assert all(serves(p, AMERICAN) == (p == "telnyx") for p in TRAITS)
