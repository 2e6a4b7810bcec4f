"""What a case writes to a platform or to customers: the operator's own letter, else the built-in one. Pure.

`domain.letters` has the built-in ones, `settings.letters` reads those of the operator.
"""

from collections.abc import Mapping
from datetime import date

from numtrustd.actors.context import Context
from numtrustd.domain import notice, wording
from numtrustd.domain.case import Case
from numtrustd.domain.identity import Wanted
from numtrustd.domain.leaving import Reason
from numtrustd.domain.letters import LETTER_NAMES, LETTERS
from numtrustd.domain.observation import Instant
from numtrustd.domain.task import Packet, TaskKind
from numtrustd.domain.wording import ERRANDS, Owner
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.leaving import CancellationData
from numtrustd.wire.letter import Letter, compile_letter

BUILT_IN: dict[str, Letter] = {kind: compile_letter(text, LETTER_NAMES[kind])[0] for kind, text in LETTERS.items()}


def write(context: Context, kind: str, values: Mapping[str, str]) -> str:
    """The text of a letter."""
    return (context.letters.get(kind) or BUILT_IN[kind]).fill(values)


def request_letter(
    context: Context,
    case: Case,
    owner: Owner,
    number: str,
    platform: str,
    papers: tuple[str, ...],
    ref: str,
    *,
    read: bool = True,
) -> str:
    """The letter with which a request is handed in; empty of a case that hands nothing in. `number` as people write it,
    `platform` is its name; `read`: a person reads it before it goes out."""
    data = case.data
    if not isinstance(data, a.RequestData):
        return ""
    values = wording.request_values(owner, number, platform, data, papers, ref)
    if isinstance(data, a.RemovalData):
        values = notice.removal_values(values, data)
    elif isinstance(data, a.IdentityData):
        values = wording.identity_values(values, data, case.workflow)
    else:
        values = wording.appeal_values(values, data, context.appeal.purpose, read=read)
    return write(context, case.workflow, values)


def errand(
    context: Context,
    case: Case,
    kind: TaskKind,
    owner: Owner,
    number: str,
    wanted: Wanted | None,
    today: date,
    now: Instant,
) -> Packet | None:
    """What a person is to publish or send for a task of this kind; `None` where it has no text."""
    values = wording.errand_values(owner, number)
    if kind is TaskKind.PUBLISH_NOTICE and isinstance(case.data, CancellationData):
        text = write(
            context, f"notice_{case.data.reason or Reason.DISUSED}", notice.notice_values(values, wanted, today, now)
        )
        steps = ("在官网、公众号等客户能看到的地方发布以下公告", "记下发布的位置")
        return Packet("", {}, text, (), steps, "where it was published")
    if (told := ERRANDS.get(kind)) is None:
        return None
    return Packet("", letter=write(context, told.letter, values), steps=told.steps)
