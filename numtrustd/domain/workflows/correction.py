"""The correction: from a wrong name or logo to the right one on every view of the platform."""

from numtrustd.domain.workflow import Workflow
from numtrustd.domain.workflows.request import CorrectionData, RequestPolicy
from numtrustd.domain.workflows.request.rows import request_rows, request_table
from numtrustd.domain.workflows.request.states import S
from numtrustd.domain.workflows.request.words import Words

ROWS = request_rows(
    Words(
        thing="correction",
        first="a correction",
        spread="show what was corrected",
        looks="looks that show nothing wrong",
        so="nothing wrong is shown any more",
        reached="what was wrong was seen to be right",
    ),
)
CORRECTION: Workflow[S, CorrectionData, RequestPolicy] = request_table("correction", ROWS, CorrectionData)
