"""The appeal: from a confirmed label to "the phone shows it no more", on one platform and those that copy from it."""

from numtrustd.domain.workflow import Workflow
from numtrustd.domain.workflows.request import AppealData, RequestPolicy
from numtrustd.domain.workflows.request.rows import request_rows, request_table
from numtrustd.domain.workflows.request.states import S
from numtrustd.domain.workflows.request.words import Words

ROWS = request_rows(
    Words(
        thing="appeal",
        first="an appeal",
        spread="let the label go",
        looks="clean looks",
        so="the label is gone",
        reached="the label was seen to be gone",
    ),
)
APPEAL: Workflow[S, AppealData, RequestPolicy] = request_table("appeal", ROWS, AppealData)
