"""When a number is looked at next on a platform, through which source, and why not sooner, in words."""

from collections.abc import Container, Iterable, Sequence

from msgspec import Struct

from numtrustd.actors.control import eyes, onlookers
from numtrustd.actors.control.leaning import not_before
from numtrustd.actors.control.views import Sight
from numtrustd.actors.control.views_case import policy_of
from numtrustd.actors.control.views_world import health
from numtrustd.actors.pace import is_asked, pace_of
from numtrustd.actors.source import SourceActor
from numtrustd.domain import cadence
from numtrustd.domain.batch import BatchState
from numtrustd.domain.cadence import CadencePolicy, Pace
from numtrustd.domain.case import Case
from numtrustd.domain.device_test import again_at
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.workflow import Who
from numtrustd.domain.workflows.request import RequestData, RequestPolicy
from numtrustd.events import duration_for_people, instant_for_people
from numtrustd.probes.spec import Source


class Then(Struct, frozen=True):
    """What comes next, when, and who does it."""

    text: str
    who: Who
    at: Instant | None = None


def next_look(sight: Sight, owned: Owned, record: NumberRecord, platform: str) -> Then:
    """The next look at this platform for this number."""
    number = owned.number
    if number in sight.parked:
        return Then("nobody looks while the number is parked", Who.PERSON)
    sources = sight.sources_of(owned, platform)
    if not sources:
        if (off := eyes.idle(sight, owned, platform)) is not None:
            how = f'put "{off}" into [platforms] enable, and reload; `numtrustd sources` says what it needs'
            return Then(f"nobody looks: {how}", Who.PERSON)
        return Then("nobody looks: no source in use sees this platform for such a number", Who.PERSON)
    resting = [source.id for source in sources if _rests(sight, owned, record, source)]
    then = _by(sight, owned, record, platform, tuple(s for s in sources if s.id not in resting))
    if not resting:
        return then
    verb = "is" if len(resting) == 1 else "are"
    return Then(f"{then.text}; {', '.join(resting)} {verb} asked only in doubt", then.who, then.at)


def untried(sight: Sight, owned: Owned, record: NumberRecord, platform: str, seen: Container[str]) -> str:
    """The views of this platform that no look was made through yet, `seen` are those that one was; empty without any.

    What is believed of the platform says nothing of these.
    """
    sources = (s for s in sight.sources_of(owned, platform) if not _rests(sight, owned, record, s))
    each = (f"{s.id}/{r.surface}" for s in sources for r in s.readings if r.platform == platform)
    views = ", ".join(dict.fromkeys(view for view in each if view not in seen))
    return f"no look was made through {views} yet" if views else ""


def _rests(sight: Sight, owned: Owned, record: NumberRecord, source: Source) -> bool:
    """Whether the source is not asked of this number, and has not been by a person or while it was in doubt."""
    if is_asked(sight.context, owned, record, source):
        return False
    actor = sight.sources.get(source.id)
    return actor is None or (actor.due_of(owned.number) is None and actor.batch_of(owned.number) is None)


def _by(sight: Sight, owned: Owned, record: NumberRecord, platform: str, sources: tuple[Source, ...]) -> Then:
    """The next look through one of these sources, or one that a person has asked for."""
    number = owned.number
    planned = sight.next_look(number, platform)
    asked = _asked(sight, number, sources)
    if asked is not None and (planned is None or asked.at is None or asked.at <= planned[0]):
        return asked
    if planned is None and all(s.kind == "report" for s in sources):
        return by_people(sight, number, platform, sources)
    if planned is None:
        stuck = [s for s in sources if (actor := sight.sources.get(s.id)) is None or actor.parked is not None]
        if len(stuck) == len(sources):
            return Then(f"nobody looks: {_ill(sight, owned, platform)}", Who.PERSON)
        return Then("is being looked at just now", Who.DAEMON)
    at, actor = planned
    if actor.parked is not None:
        return Then(f"nobody looks: {_ill(sight, owned, platform)}", Who.PERSON)
    due = actor.due_of(number)
    assert due is not None, actor.source.id  # it has just been asked for its plan
    why = _why_then(sight, owned, record, due, actor)
    return Then(f"looks again through {actor.source.id}; {why}", Who.DAEMON, max(at, sight.now()))


def by_people(sight: Sight, number: str, platform: str, sources: Iterable[Source]) -> Then:
    """What people who look through these sources were asked, or how somebody tells by himself."""
    each, hands = tuple(sources), sight.house.hands
    if tasks := eyes.asked(sight, number, each):
        return Then(eyes.ASKED.format(tasks[0].id), Who.PERSON, tasks[0].due)
    for source in each:
        if hands is not None and (at := hands.given_up(source.id, number)) is not None:
            again = again_at(at, sight.context.hands)
            return Then("a person was asked to look and did not; somebody is asked again", Who.PERSON, again)
    tells = eyes.tells(number, platform, each)
    times = [at for s in each if hands is not None and (at := hands.asks_at(s.id, number)) is not None]
    if not times:
        return Then(f"nobody is asked for a look; {tells}", Who.NOBODY)
    return Then(f"a person is asked to look; {tells}", Who.DAEMON, max(min(times), sight.now()))


def asked_at(sight: Sight, case: Case, platforms: Sequence[str]) -> str:
    """Who was asked for the looks that a case counts there; where nobody was yet, how somebody tells them."""
    owned = sight.context.numbers[case.number]
    each = [by_people(sight, case.number, platform, sight.sources_of(owned, platform)) for platform in platforms]
    return next((then for then in each if then.at is not None), each[0]).text


def counted(sight: Sight, case: Case, data: RequestData) -> str:
    """What a case that counts looks takes, and from when on the last of them may be made."""
    policy = policy_of(sight, case)
    if not isinstance(policy, RequestPolicy):
        return ""
    over = f" over at least {duration_for_people(policy.clear_spread)}" if policy.clear_spread else ""
    last = not_before(onlookers.last_counts_from(data, policy, sight.now()))
    return f"; every view takes {policy.clear} of them in a row{over}{last}"


def _asked(sight: Sight, number: str, sources: Iterable[Source]) -> Then | None:
    """The batch in which the number waits for an answer of one of these sources."""
    for source in sources:
        actor = sight.sources.get(source.id)
        batch = None if actor is None else actor.batch_of(number)
        if batch is None or source.batch is None:
            continue
        at = instant_for_people(batch.sent_at)
        match batch.state:
            case BatchState.SENDING:
                return Then(f"is being handed to {source.id} in batch {batch.ref}", Who.DAEMON)
            case BatchState.UNCERTAIN:
                text = f"asked in batch {batch.ref} at {at} through {source.id}, and nobody knows whether it arrived"
                return Then(f"{text}; it is looked up", Who.DAEMON, batch.next_at)
            case BatchState.OPEN:
                by = instant_for_people(batch.sent_at + source.batch.give_up)
                text = f"asked in batch {batch.ref} ({batch.task}) at {at} through {source.id}"
                return Then(f"{text}, answer expected by {by}", Who.PLATFORM, max(batch.next_at, sight.now()))
            case _:
                return Then(f"batch {batch.ref} of {source.id}: {batch.detail}", Who.DAEMON)
    return None


def _why_then(sight: Sight, owned: Owned, record: NumberRecord, due: Instant, actor: SourceActor) -> str:
    """Why not sooner: the source's state if that is what holds it up, else the pace of this number's looks."""
    now, source = sight.now(), actor.source
    if (since := sight.house.network.down_since) is not None:
        return (
            f"not sooner, because our own network is down: nobody can be reached for {duration_for_people(now - since)}"
        )
    if actor.free_at > max(due, now):
        state, since, why = health(actor, source, now)
        if since is not None:
            return f"not sooner, because the source has not answered for {duration_for_people(now - since)} ({why})"
        if state != "ok":
            return f"not sooner, because {why}"
        return f"not sooner, because the source is asked once in {duration_for_people(source.interval)}"
    if (leaves := actor.gathers_until(number=owned.number)) is not None:
        return f"it waits for others to go with, {duration_for_people(max(0.0, leaves - now))} at the most"
    if due < now:
        late = actor.overdue(now)[0]
        return f"it is due, with {late} others of this source" if late > 1 else "it is due"
    policy, pace = sight.context.cadence, pace_of(record, source, sight.context.platforms, now)
    if pace.unseen:
        return "for the first time"
    every = cadence.interval(policy, sight.context.cadence_of(owned, source), pace, now)
    only = sight.context.hours_said(owned, source)
    last = record.looks.get(source.id)
    missed = last is not None and last.missed
    reason = "the source was down when the last look was due" if missed else _pace(policy, pace, now)
    said = f"{reason}: every {duration_for_people(every)}"
    return f"{said}, {only}" if only else said


def _pace(policy: CadencePolicy, pace: Pace, now: Instant) -> str:
    if pace.failures:
        plural = "look" if pace.failures == 1 else "looks"
        return f"the last {pace.failures} {plural} saw nothing"
    if pace.confirming:
        return "looks disagree with what is believed"
    if pace.verifying:
        return "a case counts clean looks"
    if pace.age < policy.new_number_days * 86_400.0:
        return "the number is new"
    if pace.expected:
        return "a platform that feeds this one is marked"
    if (busy := cadence.peak(policy, now)) is not None:
        return f"it is the peak {busy.name}"
    if pace.quiet >= policy.quiet_after:
        return f"nothing has changed for {duration_for_people(pace.quiet)}"
    return "nothing is going on"


def sources_blind(sight: Sight, owned: Owned, platform: str) -> tuple[str, Instant | None]:
    """What is wrong with the sources that should see this platform, and when the next one tries again."""
    planned = sight.next_look(owned.number, platform)
    again = None if planned is None else max(planned[0], sight.now())
    return _ill(sight, owned, platform), again


def _ill(sight: Sight, owned: Owned, platform: str) -> str:
    now, said = sight.now(), []
    for source in sight.sources_of(owned, platform):
        state, since, why = health(sight.sources.get(source.id), source, now)
        if state != "ok":
            for_long = "" if since is None else f" for {duration_for_people(max(0.0, now - since))}"
            said.append(f"{source.id} is {'down' if state == 'open' else state}{for_long} ({why})")
    return "; ".join(said)
