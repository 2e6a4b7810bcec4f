"""One table a file; `REGISTRY` is the one list of workflows."""

from typing import Any

from numtrustd.domain.workflow import Workflow
from numtrustd.domain.workflows.appeal import APPEAL
from numtrustd.domain.workflows.cancellation import CANCELLATION
from numtrustd.domain.workflows.certificate import CERTIFICATE
from numtrustd.domain.workflows.certification import CERTIFICATION
from numtrustd.domain.workflows.correction import CORRECTION
from numtrustd.domain.workflows.incident import INCIDENT
from numtrustd.domain.workflows.inspection import INSPECTION
from numtrustd.domain.workflows.removal import REMOVAL
from numtrustd.domain.workflows.tag import TAG

REGISTRY: dict[str, Workflow[Any, Any, Any]] = {
    table.name: table
    for table in (
        APPEAL,
        CORRECTION,
        TAG,
        CERTIFICATION,
        CERTIFICATE,
        REMOVAL,
        CANCELLATION,
        INCIDENT,
        INSPECTION,
    )
}
