"""Bugs planted into the daemon, one at a time: each has to be caught, or the invariants do not see what they should.

Each is a small patch of production code, as easily made by mistake. `first_seeds.toml` beside this says which seeds
caught each one when it was last looked for; a test runs those, and some more should the plans have changed since.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from msgspec import Struct, structs

from numtrustd.actors import outbox as outboxes
from numtrustd.actors.cases import CaseBook
from numtrustd.actors.decide import Decider
from numtrustd.actors.messages import Answered, Order, TaskAnswer
from numtrustd.actors.number import NumberActor
from numtrustd.actors.outbox import INTERRUPTED, Outbox
from numtrustd.actors.roster import Roster
from numtrustd.actors.source import SourceActor
from numtrustd.actors.supervisor import Supervisor
from numtrustd.actors.timers import Timers
from numtrustd.clock import VirtualClock
from numtrustd.domain import verdict
from numtrustd.domain.case import ActionState, Case
from numtrustd.domain.observation import Status
from numtrustd.domain.workflows import appeal
from numtrustd.domain.workflows import appeal_parts as a
from numtrustd.domain.workflows.appeal import S
from numtrustd.store import Store, Table, records
from numtrustd.store.environment import Environment
from numtrustd.store.writer import Writer
from numtrustd.wire import retry_after
