"""What the forms of platforms ask of the company, held against what the settings say of it."""

from numtrustd.channels.spec import ManualChannel
from numtrustd.domain.wording import SETTINGS
from numtrustd.settings import checks
from numtrustd.settings.collect import Located
from numtrustd.settings.overrides import Applied
from numtrustd.settings.problem import Path, Report, dotted
from numtrustd.settings.schema import Settings


def warn(settings: Settings, applied: Applied, place: Located, report: Report) -> None:
    """What the forms of the platforms in use ask of the company, and the settings do not say."""
    used = checks.appealed(applied)
    forms = [(name, channel) for name, channel in applied.channels.items() if name in used]
    forms += [(name, channel) for (name, _), channel in applied.manuals.items() if name in used]
    asked: dict[str, set[str]] = {}
    for platform, channel in forms:
        texts = channel.fields.values() if isinstance(channel, ManualChannel) else ()
        for name, key in SETTINGS.items():
            if not getattr(settings.company, key) and any(f"{{{name}}}" in text for text in texts):
                asked.setdefault(key, set()).add(platform)
    asked.pop("name", None)  # which every letter needs, form or not, and is said of all
    for key, platforms in asked.items():
        what = f"is not given, and forms ask for it: {', '.join(sorted(platforms))}"
        at: Path = ("company", key)
        report.warn(place.where(at), dotted(at), what, "give it, or fill it in by hand each time")
