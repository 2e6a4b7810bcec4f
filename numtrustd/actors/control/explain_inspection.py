"""Where the regular inspection stands, for whoever asks after a number: it is the company's, and looks at each of them.

`inspector` runs it; `explain` puts this line after those of the number itself.
"""

from numtrustd.actors.control.views import Sight
from numtrustd.actors.judge import ago
from numtrustd.api import when
from numtrustd.api.rows import ExplainLine
from numtrustd.domain.workflow import Who
from numtrustd.domain.workflows.inspection import INSPECTION, S
from numtrustd.store import records


def inspected(sight: Sight) -> list[ExplainLine]:
    """One line while inspections are wanted."""
    found, policy = records.get_inspection(sight.house.store), sight.context.inspection
    if found is None or policy.every == "off":
        return []
    row = INSPECTION.rows[S(found.snapshot.state)]
    how_often = "every two weeks" if policy.every == "two_weekly" else f"every month, on day {policy.day}"
    began = "" if found.data.began_at is None else f"; this one began {ago(found.data.began_at, sight.now())}"
    by_people = "`numtrustctl tasks` has what people are to look at; " if row.who is Who.PERSON else ""
    due = found.snapshot.deadline
    return [
        ExplainLine(
            fact=f"inspection {found.n}: {row.meaning}",
            why=f"everything is inspected {how_often}{began}",
            next=f"{by_people}the daemon {row.then}",
            who=row.who,
            when=None if due is None else when(due),
        )
    ]
