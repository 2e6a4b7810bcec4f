"""What `check-link` answers: whether a pasted link or text leads to a platform itself, why, and what to do."""

from numtrustd.actors.control.views import Sight
from numtrustd.api import links, when
from numtrustd.domain.channel_safety import Standing, judge

ADVICE = {
    Standing.NOTHING: "there is no link in it, and it asks for nothing that a platform never asks for",
    Standing.OFFICIAL: "it leads to the platform itself",
    Standing.UNKNOWN: "do not use it: go by the address that `numtrustctl platform ID` shows; if the platform really "
    "uses this host, add it to official_hosts in its pack",
    Standing.SUSPICIOUS: "do not open it, enter nothing, pay nothing: go by the address that `numtrustctl platform ID` "
    "shows, and report it to those who look after security",
    Standing.REFUSED: "do not answer it, enter nothing, pay nothing: go by the address that `numtrustctl platform ID` "
    "shows, and report it to those who look after security",
}


def check_link(sight: Sight, text: str, platform: str) -> links.LinkCheck:
    """What a pasted text is, for whoever asks."""
    said = judge(text, sight.context.official_hosts, platform)
    return links.LinkCheck(
        now=when(sight.now()),
        standing=said.standing,
        official=said.standing is Standing.OFFICIAL,
        why=said.why,
        advice=ADVICE[said.standing],
        links=tuple(
            links.LinkRow(
                url=link.url,
                standing=link.standing,
                why=link.why,
                host=link.host or None,
                platform=link.platform or None,
            )
            for link in said.links
        ),
    )
