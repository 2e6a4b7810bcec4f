"""One table a file; `REGISTRY` is the one list of workflows."""

from typing import Any

from numtrustd.domain.workflow import Workflow
from numtrustd.domain.workflows.appeal import APPEAL

REGISTRY: dict[str, Workflow[Any, Any, Any]] = {APPEAL.name: APPEAL}
