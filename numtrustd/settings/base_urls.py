"""The addresses that the settings put in place of a platform's own: each by itself, whether it is in use or not.

A base_url that is wrong would otherwise show on the day when its source is switched on, at three in the morning.
"""

from collections.abc import Iterator

from numtrustd.settings.collect import Located
from numtrustd.settings.problem import Path, Report, dotted
from numtrustd.settings.schema import Settings
from numtrustd.wire.address import address

_HELP = "write it like https://host[:port][/path]; plain http only to 127.0.0.1 or ::1"


def check_base_urls(settings: Settings, place: Located, report: Report) -> None:
    """Every base_url of a source or of an appeal API."""
    for path, text in _given(settings):
        for what in _problems(text):
            report.add(place.where(path), dotted(path), what, _HELP)


def _given(settings: Settings) -> Iterator[tuple[Path, str]]:
    for name, source in settings.source.items():
        yield ("source", name, "base_url"), source.base_url
    for name, platform in settings.platform.items():
        yield ("platform", name, "appeal", "base_url"), platform.appeal.base_url


def _problems(text: str) -> list[str]:
    if not text:
        return []
    if "{" in text or "}" in text:
        return ["holds a placeholder; it is taken as it stands"]
    if "@" in text.partition("://")[2].partition("/")[0]:
        return ["holds a user or a password, which would show in logs"]  # so it is not repeated here either
    wrong: list[str] = []
    address("https://host.invalid/", text, wrong)
    return [line.removeprefix("url ") for line in wrong]
