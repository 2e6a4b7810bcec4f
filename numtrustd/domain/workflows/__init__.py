"""One table a file; `REGISTRY` is the one list of workflows."""

from typing import Any

from numtrustd.domain.workflow import Workflow
from numtrustd.domain.workflows.appeal import APPEAL
from numtrustd.domain.workflows.cancellation import CANCELLATION
from numtrustd.domain.workflows.correction import CORRECTION
from numtrustd.domain.workflows.removal import REMOVAL

REGISTRY: dict[str, Workflow[Any, Any, Any]] = {
    table.name: table
    for table in (
        APPEAL,
        CORRECTION,
        REMOVAL,
        CANCELLATION,
    )
}
