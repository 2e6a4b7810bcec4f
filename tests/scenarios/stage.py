"""The stage on which a scenario is played: its settings as files, its platforms in memory.

Settings and packs go through the real loader. Each platform is one JSON look-up; what it shows, and whether it answers,
is set by the scenario. `play` beside this module moves the people and the clock.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import trio
from msgspec import Struct

from numtrustd.domain.number import Number, parse
from numtrustd.wire.exchange import Failure, Limits, Outcome, Reply, Request, Unknown
from numtrustd.wire.route import Route

PLATFORMS = Path(__file__).with_name("platforms")
"""What is known of each platform; how it is looked at is `SOURCE`."""

SHIPPED = Path(__file__).parents[2] / "config" / "platforms"
OF_SHIPPED = ("apple",)
"""The platforms that only people look at, on handsets; known where a scenario names them."""

SOURCE = """
[[source]]
id = "{id}.query"
title = "{id}'s own look-up"
kinds = ["mobile", "landline", "400", "95"]
interval = "1s"
cadence = "6h"
echo = [{{ view = "json", path = "number" }}]
[source.request]
url = "https://{id}.example.invalid/look?n={{national}}"
[source.views]
json = {{ steps = [{{ do = "json" }}] }}
[[source.reading]]
platform = "{id}"
[[source.guard]]
name = "maintenance"
when = [{{ view = "json", path = "notice", contains = ["维护"] }}]
then = {{ say = "unknown", reason = "maintenance" }}
[[source.rule]]
name = "marked"
when = [{{ view = "json", path = "label", nonempty = true }}]
then = {{ say = "marked", words = {{ view = "json", path = "label" }}, marks = {{ view = "json", path = "marks" }}, \
name = {{ view = "json", path = "name" }} }}
[[source.rule]]
name = "named"
when = [{{ view = "json", path = "name", nonempty = true }}]
then = {{ say = "certified", name = {{ view = "json", path = "name" }}, tag = {{ view = "json", path = "tag" }} }}
[[source.rule]]
name = "tagged"
when = [{{ view = "json", path = "tag", nonempty = true }}]
then = {{ say = "certified", name = {{ view = "json", path = "name" }}, tag = {{ view = "json", path = "tag" }} }}
[[source.rule]]
name = "clean"
when = [{{ view = "json", path = "label", equals = "" }}]
then = {{ say = "clean" }}
"""

SETTINGS = """\
[platforms]
shipped = false
enable = {enabled}
[credentials]
dir = "credentials"
[company]
name = "示例快运有限公司"
"""

NO_INSPECTION = '[inspection]\nevery = "off"  # it has a scenario of its own\n'

PAPERS = ("licence", "number_ownership", "change_notice", "recordings", "order_screenshots", "call_records")
"""What the company has in its drawer, unless a scenario takes it away."""


class Shown(Struct, frozen=True):
    """What one platform shows of one number."""

    label: str = ""
    marks: int = 0
    name: str = ""
    tag: str = ""


@dataclass
class World:
    """What every platform shows, and how it answers: fine, maintenance, blocked or silent."""

    shown: dict[tuple[str, str], Shown] = field(default_factory=dict)
    weather: dict[str, str] = field(default_factory=dict)

    def session(self, *, connections: int, limits: Limits, route: Route) -> "World":
        """A `WayOut`: every source asks this world."""
        return self

    async def fetch(self, request: Request) -> Outcome:
        """A `Fetcher`; the host names the platform."""
        await trio.sleep(0.05)
        split = urlsplit(request.origin + request.target)
        platform = str(split.hostname).partition(".")[0]
        number = parse(parse_qs(split.query)["n"][0])
        assert isinstance(number, Number)
        told = {"number": parse_qs(split.query)["n"][0]}
        match self.weather.get(platform, "fine"):
            case "maintenance":
                return _json({**told, "notice": "平台维护中"})
            case "blocked":
                return Reply(403, (), b"<html>captcha</html>")
            case "silent":
                return Unknown(Failure.TIMEOUT, "no answer within 20 s")
        seen = self.shown.get((platform, number.canonical), Shown())
        return _json({**told, "label": seen.label, "marks": seen.marks, "name": seen.name, "tag": seen.tag})

    async def aclose(self) -> None:
        """Nothing is held."""


def _json(body: Mapping[str, object]) -> Reply:
    return Reply(200, (("content-type", "application/json"),), json.dumps(body).encode())


def write_files(
    root: Path, *, numbers: tuple[str, ...], platforms: tuple[str, ...], papers: Mapping[str, str], settings: str
) -> Path:
    """A settings directory. Of the known platforms these are looked at; `papers` are kinds with
    the last day on which each is valid, or "" for one without."""
    for name in ("credentials", "evidence", "platforms.d"):
        (root / name).mkdir()
    known = {*OF_SHIPPED, *(pack.stem for pack in PLATFORMS.glob("*.toml"))}
    assert set(platforms) <= known, f"known are {known}"
    for pack in PLATFORMS.glob("*.toml"):
        source = SOURCE.format(id=pack.stem) if pack.stem in platforms else ""
        (root / "platforms.d" / pack.name).write_text(pack.read_text() + source)
    by_hand = [name for name in OF_SHIPPED if name in platforms]
    for name in by_hand:
        (root / "platforms.d" / f"{name}.toml").write_text((SHIPPED / f"{name}.toml").read_text())
    (root / "numbers.csv").write_text("number\n" + "\n".join(numbers) + "\n")
    evidence = ""
    for kind, expires in papers.items():
        (root / "evidence" / f"{kind}.pdf").write_text(kind)
        until = f"expires = {expires}\n" if expires else ""
        evidence += f'[[evidence]]\nkind = "{kind}"\npath = "evidence/{kind}.pdf"\n{until}'
    config = root / "numtrustd.toml"
    quiet = "" if "[inspection]" in settings else NO_INSPECTION
    enabled = json.dumps([f"{name}.device" for name in by_hand])
    config.write_text(SETTINGS.format(enabled=enabled) + settings + "\n" + quiet + evidence)
    return config
