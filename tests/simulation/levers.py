"""How people bring a case of each workflow on from each state, and which lever is on the way to another one.

`tour` pulls them: orders, answers to tasks, right ones and wrong ones, what the platforms show, waits.
"""

from collections import deque
from collections.abc import Mapping

_REQUEST: dict[str, tuple[str, ...]] = {
    "waiting": ("order advance", "order approve", "order approve", "order hold", "order withdraw", "wait"),
    "gathering": ("order advance", "right", "right", "fail", "order hold"),
    "at_person": ("right", "right", "right", "right", "say refused", "fail"),
    "in_review": (
        *("say approved", "say approved", "say rejected", "say rejected", "say info_requested", "say info_requested"),
        *("order advance", "order advance", "fail", "order hold"),
    ),
    "overdue": ("say approved", "say rejected", "say info_requested", "order advance", "fail"),
    "cooling": ("order advance", "wait", "order hold"),
    "propagating": ("order advance", "order advance", "right", "order hold"),
    "verifying": ("wait", "wait", "wait", "right", "order withdraw", "order hold"),
    "escalated": ("order advance", "right", "order withdraw", "order hold"),
    "asking": ("wait", "fail", "right", "right"),
    "held": ("order advance", "order advance", "order withdraw"),
    "cleared": ("order reopen", "wait"),
    "withdrawn": ("order reopen", "wait"),
}
_FLEETING = dict.fromkeys(("submitting", "uncertain", "looking_up"), ("wait", "wait soon"))
LEVERS: dict[str, dict[str, tuple[str, ...]]] = {
    "appeal": {**_REQUEST, **_FLEETING, "waiting": ("lose", "lose", "order approve", "order hold")},
    "correction": _REQUEST,
    "tag": _REQUEST,
    "certification": _REQUEST,
    "removal": _REQUEST,
    "certificate": {
        "valid": ("order advance", "hide", "hide", "order hold", "order withdraw"),
        "renewing": ("order hold", "wait", "order withdraw", "wait"),
        "paused": ("order advance", "order advance", "right", "order hold", "show"),
        "chasing": ("order advance", "right", "show", "fail"),
        "escalated": ("order advance", "order advance", "show", "order hold"),
        "held": ("order advance",),
        "ended": ("order reopen", "wait"),
    },
    "incident": {
        "opening": ("order hold", "order withdraw", "wait"),
        "submitting": ("order advance", "finish", "finish", "order hold"),
        "behind": ("order advance", "finish", "order hold"),
        "following": ("order advance", "order advance", "finish"),
        "resolving": ("order advance", "order advance", "finish"),
        "escalated": ("finish", "finish", "order advance", "order withdraw"),
        "wording": ("order advance", "right", "order withdraw"),
        "held": ("order advance", "order advance", "order withdraw"),
        "resolved": ("order reopen",),
        "withdrawn": ("order reopen",),
    },
    "cancellation": {
        "cancelling": ("right", "right", "right", "fail", "fail", "order hold", "order withdraw"),
        "blocked": ("order advance", "order advance", "order withdraw", "order hold", "right"),
        "safe_to_release": ("right", "right", "order hold", "order withdraw", "fail"),
        "held": ("order advance", "order advance", "order withdraw"),
        "cleared": ("order reopen",),
        "released": ("order reopen", "wait"),
        "withdrawn": ("order reopen",),
    },
}
"""What may be done with a case, by where it is; a lever that is pulled more often stands there twice."""

Ways = Mapping[str, Mapping[str, str]]

_ANSWERED = {"say approved": "propagating", "say rejected": "cooling", "say info_requested": "gathering"}
_REQUEST_WAYS: Ways = {
    "waiting": {"order approve": "at_person", "order hold": "held", "order withdraw": "withdrawn", "forget": "asking"},
    "gathering": {"right": "waiting", "fail": "escalated", "order advance": "waiting"},
    "at_person": {"right": "in_review", "say refused": "cooling", "fail": "escalated", "forget": "asking"},
    "in_review": {**_ANSWERED, "order advance": "overdue", "fail": "escalated", "order hold": "held"},
    "overdue": {**_ANSWERED, "order advance": "escalated"},
    "cooling": {"order advance": "waiting", "forget": "asking"},
    "propagating": {"order advance": "verifying"},
    "verifying": {"clear": "cleared", "spoil": "waiting", "order withdraw": "withdrawn", "order hold": "held"},
    "escalated": {"order advance": "waiting", "forget": "asking"},
    "asking": {"right": "waiting"},
    "held": {"order advance": "waiting"},
    "cleared": {"order reopen": "waiting"},
    "withdrawn": {"order reopen": "waiting"},
}
_WAYS: dict[str, Ways] = {
    **dict.fromkeys(("correction", "tag", "certification", "removal"), _REQUEST_WAYS),
    "appeal": {
        **_REQUEST_WAYS,
        "waiting": {
            "order approve": "submitting",
            "lose": "uncertain",
            "order hold": "held",
            "order withdraw": "withdrawn",
            "forget": "asking",
        },
        "submitting": {"wait soon": "in_review"},
        "in_review": {"wait": "cooling", "order advance": "overdue", "order hold": "held"},
        "uncertain": {"wait soon": "looking_up"},
        "looking_up": {"wait soon": "asking"},
    },
    "certificate": {
        "valid": {"order advance": "renewing", "hide": "paused", "order hold": "held", "order withdraw": "ended"},
        "renewing": {"order hold": "held", "order withdraw": "ended"},
        "paused": {"order advance": "chasing", "show": "valid"},
        "chasing": {"order advance": "escalated", "fail": "escalated", "show": "valid"},
        "escalated": {"show": "valid", "order advance": "renewing"},
        "held": {"order advance": "valid"},
        "ended": {"order reopen": "valid"},
    },
    "incident": {
        "opening": {"order hold": "held", "order withdraw": "withdrawn", "wait": "submitting"},
        "submitting": {"order advance": "behind", "finish": "wording", "order hold": "held"},
        "behind": {"order advance": "resolving", "finish": "wording", "order hold": "held"},
        "following": {"order advance": "resolving", "finish": "wording"},
        "resolving": {"order advance": "escalated", "finish": "wording"},
        "escalated": {"finish": "wording", "order advance": "resolving"},
        "wording": {"order advance": "resolved", "right": "resolved", "order withdraw": "withdrawn"},
        "held": {"order advance": "submitting", "order withdraw": "withdrawn"},
        "resolved": {"order reopen": "opening"},
        "withdrawn": {"order reopen": "opening"},
    },
    "cancellation": {
        "cancelling": {"right": "safe_to_release", "fail": "blocked", "order hold": "held"},
        "blocked": {"order advance": "cancelling", "order withdraw": "withdrawn"},
        "safe_to_release": {"say kept": "cleared", "say released": "released", "order withdraw": "withdrawn"},
        "held": {"order advance": "cancelling"},
        "cleared": {"order reopen": "cancelling"},
        "released": {"order reopen": "cancelling"},
        "withdrawn": {"order reopen": "cancelling"},
    },
}
"""Where a lever mostly leads: only what is worth to be pulled on the way somewhere."""


def towards(workflow: str, state: str, wanted: str) -> tuple[int, tuple[str, ...]]:
    """How many steps it is from a state to the wanted one at least, and the levers that begin the shortest ways; none
    where no lever leads there."""
    ways = _WAYS.get(workflow, {})
    steps = {wanted: 0}
    due = deque([wanted])
    while due:
        here = due.popleft()
        for before, levers in ways.items():
            if before not in steps and here in levers.values():
                steps[before] = steps[here] + 1
                due.append(before)
    if state not in steps or state == wanted:
        return 0, ()
    nearer = tuple(lever for lever, to in ways[state].items() if steps.get(to) == steps[state] - 1)
    return steps[state], nearer
