"""The certification: from materials to the own name on every surface of the platform, or its renewal."""

from numtrustd.domain.workflow import Workflow
from numtrustd.domain.workflows.request import CertificationData, RequestPolicy
from numtrustd.domain.workflows.request.rows import request_rows, request_table
from numtrustd.domain.workflows.request.states import S
from numtrustd.domain.workflows.request.words import Words

ROWS = request_rows(
    Words(
        thing="certification",
        first="a certification",
        spread="get the name to every surface",
        looks="looks that show the name",
        so="the name is shown",
        reached="the name was seen",
    ),
)
CERTIFICATION: Workflow[S, CertificationData, RequestPolicy] = request_table("certification", ROWS, CertificationData)
