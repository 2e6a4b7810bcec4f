"""What goes out of a case: the values of a submission, and the packet with which a person does it by hand. Pure.

`letters` writes the texts, `task_book` hands the packets out.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from msgspec import structs

from numtrustd.actors import letters
from numtrustd.actors.context import Context
from numtrustd.channels.spec import HttpChannel, ManualChannel
from numtrustd.domain import cause, wording
from numtrustd.domain.calendar import local_date
from numtrustd.domain.case import Case, reference
from numtrustd.domain.evidence import KINDS
from numtrustd.domain.number import from_canonical
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned
from numtrustd.domain.task import HAND_INS, Packet, TaskKind
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.certificate import CertificateData
from numtrustd.wire.template import number_values


class Packets:
    """Those of one number while one message is decided. `policy_of` gives the policy of a case as it stands."""

    def __init__(self, context: Context, owned: Owned, now: Instant, policy_of: Callable[[Case], Any]) -> None:
        self._context = context
        self._owned = owned
        self._now = now
        self._policy_of = policy_of
        self.number = from_canonical(owned.number)

    def settle(self) -> None:
        """Let go of who knows the policies: it holds this, and both would wait for the garbage collector."""
        del self._policy_of

    def _papers(self, case: Case) -> tuple[str, ...]:
        return a.required(case.data, self._policy_of(case)) if isinstance(case.data, a.RequestData) else ()

    def today(self, platform: str) -> date:
        known = self._context.platforms.get(platform)
        return local_date(self._now, known.appeal.country if known is not None and known.appeal is not None else "CN")

    def _owner(self) -> wording.Owner:
        group = self._context.groups.get(self._owned.group)
        return structs.replace(self._context.owner, name=group.owner) if group and group.owner else self._context.owner

    def values(self, case: Case, ref: str) -> dict[str, str]:
        """What a submission's template or a person's form may ask for."""
        case = standing(case, self._owned, self._context)
        owner, papers, number = self._owner(), self._papers(case), self.number
        platform = self._context.platforms.get(case.platform)
        name = platform.name if platform else case.platform
        used_for, data = self._context.appeal.purpose, case.data
        return {
            **number_values(number),
            "ref": ref,
            "letter": letters.request_letter(
                self._context, case, owner, number.dashed, name, papers, ref, read=self._read(case)
            ),
            "purpose": wording.purpose(owner, data, papers, used_for) if isinstance(data, a.RequestData) else "",
            "words": data.words,
            "wanted": data.wanted if isinstance(data, a.IdentityData) else "",
            "company": owner.name,
            "licence_number": owner.licence_number,
            "contact_name": owner.contact_name,
            "contact_phone": owner.contact_phone,
            "contact_email": owner.contact_email,
        }

    def _read(self, case: Case) -> bool:
        """Whether a person reads the case's letter before it goes out."""
        policy = self._policy_of(case)
        return isinstance(policy, a.RequestPolicy) and (policy.by_person or policy.approval_needed)

    def of(self, case: Case, kind: TaskKind) -> Packet | None:
        """What a person needs for a task of this kind; `None` where its title says it all."""
        if kind in HAND_INS | {TaskKind.APPROVE}:
            return self._packet(case)
        if isinstance(case.data, CertificateData) and kind is TaskKind.HAND_OVER_PAPERS:
            channel = self._context.channel(case.platform, "certification")
            address = channel.address if isinstance(channel, ManualChannel) else ""
            return Packet(address, papers=case.data.papers, steps=("把现行有效的材料交给认证服务商",))
        number, wanted = self.number.dashed, self._owned.wanted
        return letters.errand(self._context, case, kind, self._owner(), number, wanted, self.today(""), self._now)

    def _packet(self, case: Case) -> Packet:
        channel = self._context.channel(case.platform, case.workflow)
        values = self.values(case, reference(self._context.store, case.id, case.data.attempt))
        papers = tuple(f"{kind}: {KINDS.get(kind, kind)}" for kind in self._papers(case))
        receipt = "注销回执" if self._policy_of(case).needs_receipt else ""
        if isinstance(channel, HttpChannel):
            by_itself = ("goes out over the platform's API by itself",)
            return Packet(channel.submit.request.url, {}, values["letter"], papers, by_itself)
        if channel is None:
            what = "the pack has no channel for this platform"
            steps = (what, "find the platform's own way and report what you did")
            return Packet("", {}, values["letter"], papers, steps, receipt)
        told = values | wording.unset(values)
        fields = {label: fill(text, told) for label, text in channel.fields.items()}
        bring_back = "；".join(filter(None, (channel.bring_back, receipt)))
        return Packet(channel.address, fields, values["letter"], papers, channel.steps, bring_back)


def standing(case: Case, owned: Owned, context: Context) -> Case:
    """The case with the causes that still stand by what its owner has told of the number since it was opened."""
    data = case.data
    if not isinstance(data, a.RequestData) or not data.causes:
        return case
    causes = cause.standing(data.causes, case.opened_at, owned.since, context.cause)
    return case if causes == data.causes else structs.replace(case, data=structs.replace(data, causes=causes))


def fill(text: str, values: Mapping[str, str]) -> str:
    """A form field's template; what it names and nobody knows stays visible for the person to fill in."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text
