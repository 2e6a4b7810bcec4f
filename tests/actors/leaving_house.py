"""What the tests of cancellations share: platforms that show names and let go of them, and people who do their part.

`alpha` and `beta` are looked at and take removals by hand; `prov` certifies and gives receipts, and `apple` only lets
expire: nobody looks at either of them.
"""

from typing import Any

from numtrustd.domain.case import Case
from numtrustd.domain.evidence import KINDS, Document
from numtrustd.domain.identity import Version, Wanted
from numtrustd.domain.leaving import LeavingPolicy
from numtrustd.domain.platform import AppealFacts, Certification, PlatformClass
from numtrustd.domain.task import Task
from numtrustd.probes.spec import Rule, SayCertified, SayClean, SayMarked
from numtrustd.store import records
from numtrustd.wire.spec import Condition, Pick
from tests.actors.house import DAY, MOBILE, T0, TestHouse, number, platform, source
from tests.actors.parts import answer

LABEL = Pick(view="doc", path="label")
NAMING = (
    Rule("marked", (Condition(view="doc", path="marks", at_least=1),), SayMarked(words=LABEL, name=LABEL)),
    Rule("named", (Condition(view="doc", path="label", nonempty=True),), SayCertified(name=LABEL)),
    Rule("clean", (Condition(view="doc", path="label", equals=""),), SayClean()),
)
OLD, NEW = "示例物流", "示例快运"
WANTED = Wanted(names=(Version(OLD), Version(NEW, T0 - 30 * DAY)))
WAY = AppealFacts("manual", address="https://alpha.example.invalid/delete", review_days=2, propagation=3 * DAY)
EXPIRES = AppealFacts("expires", expires=(7 * DAY, 15 * DAY))
PAPERS = tuple(Document(kind, f"/papers/{kind}.pdf") for kind in KINDS)
PARENT = "cancellation"


def leaving(**more: Any) -> dict[str, Any]:
    """`alpha` and `beta` show names, `prov` is asked whatever it shows; all papers are on file."""
    platforms = {
        "alpha": platform("alpha", ways={"removal": WAY}),
        "beta": platform("beta"),
        "prov": platform(
            "prov",
            appeal=None,
            cls=PlatformClass.CERTIFICATION_PROVIDER,
            certification=Certification("认证平台控制台", address="https://prov.example.invalid/console", days=1),
        ),
    }
    return {
        "numbers": (number(MOBILE, wanted=WANTED),),
        "platforms": platforms,
        "sources": {p: source(p.partition(".")[0], rules=NAMING) for p in ("alpha.api", "beta.api")},
        "documents": PAPERS,
        "leaving": LeavingPolicy(platforms=("prov",)),
        **more,
    }


def show(house: TestHouse, name: str, *platforms: str) -> None:
    """These platforms show this name from now on; an empty one shows nothing."""
    for each in platforms or ("alpha", "beta"):
        {"alpha": house.alpha, "beta": house.beta}[each].labels[MOBILE] = (name, 0)


async def shown(house: TestHouse, name: str = NEW, *platforms: str) -> None:
    """Certified as `name`, and seen to be."""
    show(house, name, *platforms)
    for each in platforms or ("alpha", "beta"):
        await house.until(lambda each=each: believed(house, each) == name)


def believed(house: TestHouse, at: str) -> str | None:
    verdict = house.record().verdicts.get(at)
    return None if verdict is None or verdict.belief is None else verdict.belief.name or ""


async def cancel(house: TestHouse, reason: str = "disused", **more: Any) -> Case:
    """Order it; the parent case."""
    change = await house.ask("Cancel", number=MOBILE, reason=reason, author="eve", **more)
    assert (change.platform, change.new) == ("", "cancelling")
    return parent(house)


def parent(house: TestHouse) -> Case:
    return house.case("", kind=PARENT)


def removal(house: TestHouse, at: str) -> Case:
    return house.case(at, kind="removal")


def states(house: TestHouse) -> dict[str, str]:
    """Where the removals of the newest cancellation stand, by platform."""
    cases = [records.get_case(house.store, name) for name in parent(house).data.children]
    return {case.platform: case.snapshot.state for case in cases if case is not None}


def task_of(house: TestHouse, kind: str, at: str = "") -> Task | None:
    found = [task for task in house.tasks() if task.kind == kind and (not at or task.platform == at)]
    return found[0] if found else None


async def task(house: TestHouse, kind: str, at: str = "") -> Task:
    """Wait for a task of this kind."""
    found: Task = await house.until(lambda: task_of(house, kind, at))
    return found


async def hand_in(house: TestHouse, at: str, receipt: str = "T-1") -> None:
    await answer(house, await task(house, "submit_removal", at), "submitted", receipt=receipt)


async def deleted(house: TestHouse, at: str, receipt: str = "") -> None:
    """The platform says that it has deleted."""
    await answer(house, await task(house, "report_answer", at), "approved", receipt=receipt)


async def errands(house: TestHouse) -> None:
    """People do everything that belongs to no platform."""
    outcomes = {
        "unbind_linked": "unbound",
        "publish_notice": "published",
        "remove_binding": "removed",
        "freeze_outbound": "frozen",
    }
    await house.until(lambda: parent(house).data.asked)
    for each in [each for each in house.tasks() if each.kind in outcomes]:
        await answer(house, each, outcomes[each.kind])


async def provider(house: TestHouse) -> None:
    """The provider deletes, gives its receipt, and a person sees that nothing is shown."""
    await hand_in(house, "prov")
    await deleted(house, "prov", receipt="DEL-1")
    await answer(house, await task(house, "confirm_gone", "prov"), "gone")


async def everything(house: TestHouse) -> None:
    """All that people and platforms have to do, and nothing is shown any more."""
    await errands(house)
    for at in ("alpha", "beta"):
        await hand_in(house, at)
        await deleted(house, at)
    show(house, "")
    await provider(house)
