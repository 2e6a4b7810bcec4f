"""Says once what is suspicious in what comes in a platform's name: answers, redirects, what people bring back.

`domain.channel_safety` decides, with the official hosts of the present configuration; callers refuse or doubt what they
were told. Nothing here opens a link.
"""

from collections.abc import Callable
from urllib.parse import urljoin

from numtrustd.actors.context import Context
from numtrustd.domain.channel_safety import Judgement, Standing, judge, suspect
from numtrustd.events import PhishingSuspected
from numtrustd.log import Log
from numtrustd.wire.exchange import Outcome, Reply, Request

MOST_SAID = 1_000
"""Suspicions that are remembered, so that each is said once."""


class Safety:
    """One for the house. `context` gives the configuration as it is now."""

    def __init__(self, log: Log, context: Callable[[], Context]) -> None:
        self._log = log
        self._context = context
        self._said: dict[tuple[str, ...], None] = {}

    def redirected(
        self, platform: str, asked: Request, outcome: Outcome, *, number: str | None = None, case: str | None = None
    ) -> None:
        """Report an answer that leads away from the hosts of a platform that lists them; it is not followed anyway."""
        hosts = self._context().official_hosts
        if not isinstance(outcome, Reply) or not 300 <= outcome.status <= 399 or not hosts.get(platform):
            return
        place = next((value for name, value in outcome.headers if name.lower() == "location"), "")
        try:
            to = urljoin(asked.url, place)
        except ValueError:  # https://[
            to = place
        if not place or to.startswith(f"{asked.origin}/"):
            return
        said = judge(f"https{to[4:]}" if to.startswith("http:") else to, hosts, platform)
        if said.standing is not Standing.OFFICIAL:
            host = said.links[0].host if said.links else ""
            why = f"an answer redirects away from its official hosts: {'; '.join(said.why) or 'to no address'}"
            self._say((platform, case or "", host), why, said, platform, number=number, case=case)

    def doubts(self, texts: tuple[str, ...], platform: str, *, number: str, case: str) -> str:
        """Why what an API answered must not be believed; empty if it may. Said once for each case."""
        said = suspect(texts, self._context().official_hosts, platform)
        if said is None:
            return ""
        why = "; ".join(said.why)
        self._say((platform, case, why), f"its answer is not believed: {why}", said, platform, number=number, case=case)
        return f"suspected phishing: {why}"

    def refuses(self, texts: tuple[str, ...], platform: str) -> str:
        """Why what a person brings must not be taken in as the platform's; empty if it may."""
        said = suspect(texts, self._context().official_hosts, platform)
        return "" if said is None else "; ".join(said.why)

    def refused(self, texts: tuple[str, ...], platform: str, *, number: str, case: str, by: str) -> None:
        """It was not taken in: say so, each time."""
        said = suspect(texts, self._context().official_hosts, platform)
        assert said is not None
        why = f"{by} brought something that is not taken in: {'; '.join(said.why)}"
        self._emit(why, said, platform, number=number, case=case)

    def _say(
        self, once: tuple[str, ...], why: str, said: Judgement, platform: str, *, number: str | None, case: str | None
    ) -> None:
        if once in self._said:
            return
        if len(self._said) >= MOST_SAID:
            del self._said[next(iter(self._said))]
        self._said[once] = None
        self._emit(why, said, platform, number=number, case=case)

    def _emit(self, why: str, said: Judgement, platform: str, *, number: str | None, case: str | None) -> None:
        link = next((link for link in said.links if link.standing is not Standing.OFFICIAL), None)
        self._log.emit(
            PhishingSuspected(
                why=why,
                platform=platform,
                number=number or None,
                case=case or None,
                url=link.url if link is not None else None,
                server_address=(link.host or None) if link is not None else None,
            )
        )
