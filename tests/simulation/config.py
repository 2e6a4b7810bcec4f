"""From a plan's knobs to a whole, checked configuration. The settings are read once per process, then varied.

Reading them costs fifty milliseconds, a simulated run two hundred: so the file is read once by the real loader, and
what differs between plans and reloads is put into the loaded values.
"""

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import structs

from numtrustd.channels.spec import Channel, HttpChannel
from numtrustd.domain.budget import Budget
from numtrustd.domain.cadence import CadencePolicy
from numtrustd.domain.evidence import Document
from numtrustd.domain.identity import Version, Wanted
from numtrustd.domain.leaving import LeavingPolicy
from numtrustd.domain.platform import AppealFacts, Platform
from numtrustd.domain.season import SeasonPolicy
from numtrustd.domain.trust import Controls, TrustPolicy
from numtrustd.domain.window import Window
from numtrustd.domain.workflows.inspection import InspectionPolicy
from numtrustd.probes.spec import Pick, Rule, SayCertified
from numtrustd.settings import Loaded
from tests.simulation.plan import (
    AMERICAN,
    BATCH_SOURCE,
    CHINESE,
    CONTROLS,
    EXPIRING,
    FEE,
    GIVE_UP,
    HANDSET,
    HOUR,
    INSPECTION,
    NAME,
    ORIGIN,
    PAPERS,
    PAUSE,
    TAG_FEE,
    Knobs,
)
from tests.virtual import fast_directory, loaded_from, write_config

QUERY = "contract_aggregator.query"
SOURCES = ("telnyx.reputation", QUERY, BATCH_SOURCE, HANDSET)
PRICE = 0.1
"""Yuan that a look costs."""
SECOND_VIEW = "second_aggregator.query"
"""The same readings once more, so that every Chinese platform has two views."""


@lru_cache(maxsize=1)
def base() -> Loaded:
    """Every number and source that plans know of."""
    with tempfile.TemporaryDirectory(dir=fast_directory()) as place:
        loaded = loaded_from(write_config(Path(place), [*AMERICAN, *CHINESE], SOURCES))
    registered = {paper.kind for paper in loaded.evidence}
    # The log and the cases name files: a run must not depend on where they happened to be.
    registered_ones = [structs.replace(it, path=f"/srv/papers/{Path(it.path).name}") for it in loaded.evidence]
    more = (Document(kind, f"/srv/papers/{kind}.pdf") for kind in PAPERS if kind not in registered)
    return structs.replace(
        loaded,
        path=Path("/etc/numtrustd/numtrustd.toml"),
        warnings=(),
        evidence=(*registered_ones, *more),
        sources={
            name: structs.replace(source, rules=tuple(map(_tagged, source.rules)))
            for name, source in loaded.sources.items()
        },
    )


def _tagged(rule: Rule) -> Rule:
    """The vendor's line of a certified number has its tag as well."""
    then = rule.then
    if not isinstance(then, SayCertified):
        return rule
    return structs.replace(rule, then=structs.replace(then, tag=Pick(view="item", path="tag")))


@lru_cache(maxsize=256)
def configured(knobs: Knobs) -> Loaded:
    """The configuration that says what `knobs` say."""
    loaded = base()
    settings = loaded.settings
    cadence = CadencePolicy(
        confirm_interval=HOUR,
        verify_interval=4 * HOUR,
        retry_interval=0.5 * HOUR,
        new_number_interval=knobs.cadence,
        jitter=0.1,
    )
    appeal = structs.replace(
        settings.appeal,
        approval="ask" if knobs.approval else "automatic",
        max_attempts=knobs.max_attempts,
        person_deadline=8 * HOUR,
        evidence_deadline=12 * HOUR,
        remind_interval=6 * HOUR,
        poll_interval=4 * HOUR,
        verify_timeout=24 * HOUR,
        watch_period=6 * 24 * HOUR,
    )
    sources = {
        name: structs.replace(
            source,
            interval=knobs.interval,
            concurrency=knobs.concurrency,
            readings=tuple(r for r in source.readings if r.platform in ("telnyx", *knobs.platforms)),
            cadence=knobs.cadence,
            backoff=(60.0, HOUR),
            controls=_controls(name) if knobs.controls else Controls(),
            budget=Budget(
                per_day=knobs.per_day,
                price=PRICE,
                money=None if knobs.per_month is None else knobs.per_month * PRICE,
            ),
        )
        for name, source in loaded.sources.items()
        if name != HANDSET
    }
    sources[HANDSET] = loaded.sources[HANDSET]
    if knobs.batch:
        source = sources[BATCH_SOURCE]
        # Without a bound there is no ledger, and what is paid for is to be in it.
        budget = structs.replace(source.budget, per_month=100_000)
        batch = source.batch and structs.replace(source.batch, give_up=GIVE_UP)
        sources[BATCH_SOURCE] = structs.replace(source, concurrency=1, budget=budget, batch=batch)
    if knobs.batch == "instead":
        del sources[QUERY]
    if not knobs.hands:
        del sources[HANDSET]
    hands = structs.replace(settings.device_tests, interval=18 * HOUR, deadline=24 * HOUR, verify_interval=12 * HOUR)
    if not knobs.batch:
        del sources[BATCH_SOURCE]
    trust = TrustPolicy(control_interval=12 * HOUR, recheck_interval=HOUR, turn_looks=knobs.turn_looks)
    home = loaded.home
    if knobs.second_view and QUERY in sources:
        sources[SECOND_VIEW] = structs.replace(sources[QUERY], id=SECOND_VIEW)
        home = {**home, SECOND_VIEW: home[QUERY]}
    platforms = {name: _platform(platform, knobs) for name, platform in loaded.platforms.items()}
    return structs.replace(
        loaded,
        settings=structs.replace(
            settings,
            cadence=cadence,
            appeal=appeal,
            trust=trust,
            device_tests=hands,
            incident=structs.replace(settings.incident, open_on=knobs.emergencies),
            window=tuple(
                Window(f"freeze {n}", since=ORIGIN + since, until=ORIGIN + until)
                for n, (since, until) in enumerate(knobs.windows)
            ),
            certification=structs.replace(
                settings.certification, technical=PAUSE, papers=PAUSE, complaints=PAUSE, policy_days=1
            ),
            ledger=structs.replace(
                settings.ledger,
                certification=(FEE / 2, FEE),
                tag_change=(TAG_FEE / 2, TAG_FEE),
                free_tag_changes=knobs.free_tags,
                monthly_budget=knobs.budget,
            ),
            cancellation=_leaving(settings.cancellation, knobs),
            inspection=InspectionPolicy(
                "monthly" if knobs.inspect else "off", day=knobs.inspect or 1, lasts=INSPECTION
            ),
            calendar=SeasonPolicy(avoid_first_days=knobs.avoid_days),
        ),
        numbers={
            number: structs.replace(owned, wanted=wanted(knobs)) if knobs.names and number in CHINESE else owned
            for number, owned in loaded.numbers.items()
            if number in knobs.numbers
        },
        sources=sources,
        home=home,
        platforms=platforms,
        channels={name: _channel(channel, knobs) for name, channel in loaded.channels.items()},
        evidence=tuple(paper for paper in loaded.evidence if paper.kind in knobs.papers),
    )


def wanted(knobs: Knobs) -> Wanted:
    """What the settings want to be shown of a number."""
    tags = (Version(text, ORIGIN + since, ORIGIN + until if until else None) for text, since, until in knobs.tags)
    return Wanted(names=(Version(NAME),), tags=tuple(tags))


def _platform(platform: Platform, knobs: Knobs) -> Platform:
    facts, ways = platform.appeal, platform.ways
    paces: dict[str, Any] = {
        "review_days": knobs.review_days,
        "cooldown": knobs.cooldown,
        "propagation": knobs.propagation,
    }
    if facts is not None:
        facts = structs.replace(facts, **paces)
    if platform.id in knobs.names:
        way = AppealFacts("manual", **paces)
        asked = {"correction": way, "certification": way, "removal": structs.replace(way, receipt=knobs.receipts)}
        ways = {**ways, **asked, **({"tag": way} if knobs.tags else {})}
    if platform.id == EXPIRING:
        ways = {"removal": structs.replace(ways["removal"], expires=(knobs.propagation, 2 * knobs.propagation))}
    return structs.replace(platform, appeal=facts, ways=ways)


def _leaving(policy: LeavingPolicy, knobs: Knobs) -> LeavingPolicy:
    return structs.replace(
        policy,
        cache_wait=knobs.propagation,
        residual_after=knobs.propagation + knobs.residual,
        watch_period=6 * 24 * HOUR,
        errand_deadline=12 * HOUR,
        notice_deadline=8 * HOUR,
        release_deadline=24 * HOUR,
        remind_interval=6 * HOUR,
    )


def _controls(source: str) -> Controls:
    marked, clean = CONTROLS[source.split(".")[0]]
    return Controls(marked=(marked,), clean=(clean,))


def _channel(channel: Channel, knobs: Knobs) -> Channel:
    if not isinstance(channel, HttpChannel):
        return channel
    changes: dict[str, Any] = {"interval": knobs.channel_interval}
    if not knobs.look_up:
        changes["look_up"] = None
    if not knobs.query:
        changes["query"] = None
    return structs.replace(channel, **changes)
