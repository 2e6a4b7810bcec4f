"""The daemon's declared errors as sentences; `cli` says them of a command, `reports` of each line."""

from typing import Any


def words(name: str, given: Any) -> list[str]:
    """An error reply as sentences."""
    kind = name.rpartition(".")[2]
    said = {key: str(value) for key, value in given.items()}
    why = said.get("why", "")
    match kind:
        case "UnknownNumber":
            return [f"{said.get('number', '')}: {why}"]
        case "UnknownPlatform":
            return [f"there is no platform {said.get('platform', '')!r}: see numtrustctl platforms"]
        case "UnknownCase":
            return [f"there is no case {said.get('case', '')!r}: see numtrustctl cases"]
        case "UnknownTask":
            return [f"there is no task {said.get('task', '')!r}: see numtrustctl tasks --all"]
        case "InvalidArgument":
            return [f"{said.get('field', '')}: {why}"]
        case "Refused":
            return [why]
        case "SuspectedPhishing":
            return [
                f"suspected phishing in the name of {said.get('platform', '')}: {why}",
                "nothing was taken in: do not follow it; if you are sure of it, say why with --vouch",
            ]
        case "ConfigRejected":
            problems = [str(p) for p in given.get("problems", ())]
            return [*problems, "the configuration was refused; the running one is untouched"]
        case "Busy":
            return [f"busy: {why}; try again"]
        case "NotReady":
            return [f"not ready: {why}"]
        case "InternalError":
            return [f"the daemon met a bug ({said.get('type', 'unknown')}); its log has the details"]
        case "InterfaceNotFound" if said.get("interface", "").endswith(".Control"):
            return ["this socket only looks; acts go to control.sock"]
        case "MethodNotFound" | "InterfaceNotFound":
            what = said.get("method") or said.get("interface")
            return [f"the daemon does not know {what}: is it older than this program?"]
        case _:
            return [f"{name} {said or ''}".strip()]
