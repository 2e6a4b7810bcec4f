"""The daemon's declared errors as sentences; `cli` says them of a command, `reports` of each line."""

import re
from collections.abc import Mapping
from typing import Any

from numtrustd.ctl import handing_in, problems
from numtrustd.ctl.lang import tr
from numtrustd.ctl.sentences import said
from numtrustd.ctl.waits import part_said

_NONE: Mapping[str, str] = {}
_NOT_SAFE = re.compile(r"it is not safe to release: (?P<parts>.{1,20000}); wait for it, or force it and say why")

_TO_BRING = re.compile(
    r"bring what the platform gave for it \((?P<what>.{1,2000})\) with --receipt, "
    r"or say --no-receipt if it gave nothing"
)


def words(name: str, given: Any, options: Mapping[str, str] = _NONE) -> list[str]:
    """An error reply as sentences. `options` are those that were typed, by the fields that they fill."""
    kind = name.rpartition(".")[2]
    told = {key: str(value) for key, value in given.items()}
    why = said(told.get("why"))
    match kind:
        case "UnknownNumber":
            return [f"{told.get('number', '')}: {why}"]
        case "UnknownPlatform":
            if meant := given.get("meant"):
                text = tr("there is no platform {platform!r}: did you mean {meant}? see numtrustctl platforms --all")
            else:
                text = tr("there is no platform {platform!r}: see numtrustctl platforms --all")
            return [text.format(platform=told.get("platform", ""), meant=meant)]
        case "UnknownCase":
            if meant := given.get("meant"):
                text = tr("there is no case {case!r}: did you mean {meant}? see numtrustctl cases")
            else:
                text = tr("there is no case {case!r}: see numtrustctl cases")
            return [text.format(case=told.get("case", ""), meant=meant)]
        case "UnknownTask":
            if meant := given.get("meant"):
                text = tr("there is no task {task!r}: did you mean {meant}? see numtrustctl tasks --all")
            else:
                text = tr("there is no task {task!r}: see numtrustctl tasks --all")
            return [text.format(task=told.get("task", ""), meant=meant)]
        case "InvalidArgument":
            faults = [(told.get("field", ""), why)]
            faults += [(str(each.get("field", "")), said(each.get("why"))) for each in given.get("more") or ()]
            return [f"{options.get(field, field)}: {reason}" for field, reason in faults]
        case "Refused" if found := _NOT_SAFE.fullmatch(told.get("why", "")):
            parts = [f"  {part_said(part)}" for part in found["parts"].split(", ")]
            return [tr("it is not safe to release:"), *parts, tr("wait for it, or force it and say why")]
        case "Refused" if found := _TO_BRING.fullmatch(told.get("why", "")):  # in the pack's language, as it came
            text = "bring what the platform gave for it ({text}) with --receipt, or say --no-receipt if it gave nothing"
            return [tr(text).format(text=handing_in.record(found["what"]))]
        case "Refused":
            return [why]
        case "SuspectedPhishing":
            return [
                tr("suspected phishing in the name of {platform}: {why}").format(
                    platform=told.get("platform", ""), why=why
                ),
                tr("nothing was taken in: do not follow it; if you are sure of it, say why with --vouch"),
            ]
        case "ConfigRejected":
            wrong = [problems.told(str(p)) for p in given.get("problems", ())]
            rest = tr("the configuration was refused; the running one is untouched")
            return [*wrong, rest, tr("correct it as each line says, then `numtrustctl reload` again")]
        case "Busy" if told.get("why", "").endswith("again"):  # with the remedy in it
            return [why]
        case "Busy":
            return [tr("busy: {why}: try again in a moment").format(why=why)]
        case "NotReady" if told.get("why", "").startswith("safe mode"):  # which only ends when somebody ends it
            return [tr("not ready: {why}").format(why=why)]
        case "NotReady":
            return [tr("not ready: {why}: try again in a moment").format(why=why)]
        case "Damaged":
            return [
                tr("{record}: what is stored is damaged and nothing is decided on it").format(
                    record=told.get("record", "")
                ),
                tr("stop the daemon, move its state directory away and put a backup in its place"),
            ]
        case "InternalError":
            return [
                tr("the daemon met a bug ({type}); its log has the details: journalctl -u numtrustd").format(
                    type=told.get("type", "?")
                )
            ]
        case "InterfaceNotFound" if told.get("interface", "").endswith(".Control"):
            return [tr("this socket only looks; acts go to control.sock: leave --socket out, or name that one")]
        case "MethodNotFound" | "InterfaceNotFound":
            what = told.get("method") or told.get("interface")
            return [
                tr(
                    "the daemon does not know {what}: is it older than this program? A restart brings the new one"
                ).format(what=what)
            ]
        case "InvalidParameter" if name.startswith("org.varlink.service."):
            return [tr("the daemon does not take {what} so").format(what=told.get("parameter", ""))]
        case _:
            return [f"{name} {told or ''}".strip()]
