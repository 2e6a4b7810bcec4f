"""Every move of a request to a platform: handed in, reviewed, granted, and then seen to be true on the phones.

An appeal, a correction, a tag, a certification and a removal go the same way; they differ in what is asked for, in the
papers, and in what a look must show. `request_table` draws the table for each of them in its own words; the files
beside this one hold its states, the rows of each part of the way, data, policy, events, effects and small functions.

The platform's "approved" is never proof: only the required good looks of every view end a request. A submission is
stored before it is sent and never sent twice: what may have arrived is looked up, else a person is asked.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from numtrustd.domain.workflow import Event, Row, TimedOut, Workflow
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.request import RequestData, RequestPolicy
from numtrustd.domain.workflows.request.handing_in import handing_in
from numtrustd.domain.workflows.request.outcome import outcome
from numtrustd.domain.workflows.request.review import review
from numtrustd.domain.workflows.request.states import ANSWERS, LOOK_UPS, LOOKS, ORDERS, OUTCOMES, PEOPLE, S
from numtrustd.domain.workflows.request.words import Words

D = TypeVar("D", bound=RequestData)


def request_rows(words: Words) -> dict[S, Row[S]]:
    """The rows of one kind of request, in its own words."""
    # Only a review that is chased is paid for: everywhere else the payment comes too late, or was for another attempt.
    return {
        state: row if a.Expedited in row.on else replace(row, ignore=row.ignore | {a.Expedited})
        for state, row in {**handing_in(words), **review(words), **outcome(words)}.items()
    }


def request_table(
    name: str, rows: Mapping[S, Row[S]], data: type[D], events: tuple[type[Event], ...] = ()
) -> Workflow[S, D, RequestPolicy]:
    """The table of one kind of request, whose data is of the type `data`; `events` are those that it alone has."""
    return Workflow(
        name=name,
        version=1,
        states=S,
        start=S.WAITING,
        events=(
            TimedOut,
            a.Restored,
            *sorted(OUTCOMES | LOOK_UPS | ANSWERS | LOOKS | ORDERS | PEOPLE | {a.Expedited}, key=lambda e: e.__name__),
            *events,
        ),
        rows=rows,
        data=data,
        policy=RequestPolicy,
        unrepeatable=(a.submit,),
    )
