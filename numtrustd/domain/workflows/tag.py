"""The change of a tag: to the one of the season, or down when its time is over, on every view of the platform."""

from numtrustd.domain.workflow import Workflow
from numtrustd.domain.workflows.request import RequestPolicy, TagData
from numtrustd.domain.workflows.request.rows import request_rows, request_table
from numtrustd.domain.workflows.request.states import S
from numtrustd.domain.workflows.request.words import Words

ROWS = request_rows(
    Words(
        thing="change of the tag",
        first="a change",
        spread="show the tag that was asked for",
        looks="looks that show the right tag",
        so="the right tag is shown",
        reached="the tag that is wanted was seen",
    ),
)
TAG: Workflow[S, TagData, RequestPolicy] = request_table("tag", ROWS, TagData)
