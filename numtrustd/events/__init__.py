"""The catalogue: every event that the daemon may log, typed, with its level, meaning and message.

Names and keys are a promise to operators: add to them, never rename. `process` holds what concerns the daemon
itself, `looking` what is seen of numbers, `working` what is done about it, `keeping` what people keep an eye on;
`fields` has the one type and meaning of each field. `docs/events.md` and the JSON Schema of a log line are generated
from here (`numtrustd.events_schema`). A new event is one class in one of the four modules, and its message in the
catalogues of the client's languages (`python -m docs.catalogue`).
"""

from numtrustd.events.base import CATALOGUE as CATALOGUE
from numtrustd.events.base import Always as Always
from numtrustd.events.base import Event as Event
from numtrustd.events.base import Level as Level
from numtrustd.events.base import duration_for_people as duration_for_people
from numtrustd.events.base import instant_for_people as instant_for_people
from numtrustd.events.base import key_of as key_of
from numtrustd.events.base import mentioned as mentioned
from numtrustd.events.base import payload as payload
from numtrustd.events.base import sentence as sentence
from numtrustd.events.base import shown as shown
from numtrustd.events.keeping import *  # noqa: F403 - the package is the sum of its events
from numtrustd.events.looking import *  # noqa: F403
from numtrustd.events.process import *  # noqa: F403
from numtrustd.events.reading import of_payload as of_payload
from numtrustd.events.working import *  # noqa: F403
