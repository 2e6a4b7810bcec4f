"""One number while one message is decided: its record, its cases as they stand by now, what was decided so far. Pure.

`weigh` stands on it, and takes in what is seen; `cases` moves a case.
"""

from collections.abc import Callable

from msgspec import structs

from numtrustd.actors.cases import CaseBook
from numtrustd.actors.context import Context
from numtrustd.actors.decision import Decision
from numtrustd.actors.judge import Judge
from numtrustd.actors.present import Present
from numtrustd.actors.task_book import Tasks
from numtrustd.domain import verdict
from numtrustd.domain.case import Case, CaseData, track
from numtrustd.domain.leaving import standing
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned
from numtrustd.domain.record import CaseRef, NumberRecord
from numtrustd.domain.verdict import Verdict
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.incident import IncidentData


class Known:
    """Made for one number and one message, and then thrown away.

    `cases` gives a stored case by its id, `tasks` those of a case; both only read.
    """

    def __init__(
        self,
        context: Context,
        owned: Owned,
        record: NumberRecord,
        cases: Callable[[str], Case | None],
        tasks: Tasks,
        now: Instant,
        present: Present,
    ) -> None:
        self.context = context
        self.configured = owned
        self.owned = standing(owned, record.released)
        self.record = record
        self.now = now
        self.made = Decision()
        self.present = present
        self._judges: dict[str, Judge] = {}
        self.book = CaseBook(context, owned, cases, tasks, now, self.made, present, lambda: self.record)

    def finish(self) -> Decision:
        """Everything decided. The record's seq rises when something durable changed."""
        made = self.made
        if made.cases:
            for case in made.cases.values():
                self._refer(case)
        if made.durable:
            self.record = structs.replace(self.record, seq=self.record.seq + 1)
        made.record = self.record
        self.book.settle(self.record)
        return made

    def _open(self, kind: str, platform: str, data: CaseData, why: str) -> Case:
        """Open a case; the record knows it at once."""
        place = platform or kind  # of a case of the whole number, its kind stands in its id
        n = self.record.counts.get(place, 0) + 1
        opened = self.book.open(kind, platform, n, data, why)
        self._refer(opened)
        self.record = structs.replace(self.record, counts={**self.record.counts, place: n})
        return opened

    def _refer(self, case: Case) -> None:
        """Keep the newest case of its kind and platform in the number's record."""
        name, ref = track(case.platform, case.workflow), _ref(case)
        if case.workflow == "appeal":
            self.record = structs.replace(self.record, cases={**self.record.cases, name: ref})
        else:
            self.record = structs.replace(self.record, tracks={**self.record.tracks, name: ref})

    def _watched(self, case: Case) -> bool:
        """Whether what comes back opens a case again that ended well."""
        within = self.context.appeal.watch_period
        return case.outcome == "cleared" and self.now - (case.closed_at or 0.0) <= within

    def _newest_case(self, platform: str) -> Case | None:
        ref = self.record.cases.get(platform)
        return self.book.get(ref.id) if ref is not None else None

    def _open_case(self, platform: str) -> Case | None:
        ref = self.record.cases.get(platform)
        if ref is None or (not ref.open and ref.id not in self.made.cases):
            return None
        case = self.book.get(ref.id)
        return case if case is not None and case.open else None

    def _cases_about(self, platform: str) -> list[Case]:
        """The open cases whose label is shown there: its own, and those at the owners of its data."""
        names = [platform, *(at for at, ref in self.record.cases.items() if platform in ref.displays)]
        names += [c.platform for c in self.made.cases.values() if platform in c.data.displays]
        return [case for name in dict.fromkeys(names) if (case := self._open_case(name)) is not None]

    def _newest_track(self, platform: str, kind: str) -> Case | None:
        ref = self.record.tracks.get(track(platform, kind))
        return self.book.get(ref.id) if ref is not None else None

    def _tracks_about(self, platform: str) -> list[Case]:
        """The open cases about what a platform shows beside its label."""
        refs = [ref for ref in self.record.tracks.values() if platform in (ref.platform, *ref.displays)]
        cases = [self.book.get(ref.id) for ref in refs if ref.open or ref.id in self.made.cases]
        return [case for case in cases if case is not None and case.open]

    def _verdicts_of(self, case: Case) -> list[Verdict]:
        """What is believed of the platforms that a case is about."""
        known = ((name, self.record.verdicts.get(name)) for name in (case.platform, *case.data.displays))
        return [verdict.through(v, self.context.views(self.owned, name)) for name, v in known if v is not None]


def _ref(case: Case) -> CaseRef:
    # What may or may not have arrived is not there yet, and what was turned away never was.
    data = case.data
    arrived = isinstance(data, a.RequestData) and not data.turned_away and not case.row.in_flight
    sent_at = data.sent_at if isinstance(data, a.RequestData) and arrived else None
    since = data.since if isinstance(data, IncidentData) else 0.0
    return CaseRef(case.id, case.snapshot.state, case.open, data.displays, sent_at, since)
