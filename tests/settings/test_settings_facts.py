"""The facts of a pack: what people act on is as well checked as what the daemon acts on."""

from collections.abc import Callable

import pytest
from settings_files import PACK, Files

from numtrustd.domain.platform import Certification, HandLook, Platform, Quota
from numtrustd.settings import Loaded

Good = Callable[..., Loaded]
Problems = Callable[..., str]

FACTS = """\
data = "its users' marks"
appeal_at = ["owner"]
shown_from = 6

[[platform.quota]]
what = "appeals of one number"
most = 1
per = "1d"

[[platform.quota]]
what = "numbers in one call"
most = 100

[platform.certification]
route = "a form"
grade = "A"
address = "https://www.acme.example/certify"
papers = ["licence", "number_ownership"]
days = 5

[platform.device_test]
surfaces = ["incoming_call", "call_log"]
steps = ["call the handset", "take a picture"]
record = ["model"]
command = "adb shell true"

[platform.assisted]
address = "https://www.acme.example/query"
steps = ["type the number"]
reads = ["owner"]
"""
OWNER = '[platform]\nid = "owner"\nname = "Owner"\nclass = "data_owner"\n'


def pack(facts: str = FACTS) -> str:
    return PACK.replace('feeds = [{ platform = "acme", lag = ["1d", "3d"] }]\n', facts)


def files(acme: Files, text: str) -> Files:
    return acme | {"platforms.d/acme.toml": text, "platforms.d/owner.toml": OWNER}


def test_all_facts(good: Good, acme: Files) -> None:
    platform = good(files(acme, pack())).platforms["acme"]
    assert (platform.data, platform.appeal_at, platform.shown_from) == ("its users' marks", ("owner",), 6)
    assert platform.quotas == (Quota("appeals of one number", 1, 86_400.0), Quota("numbers in one call", 100))
    assert platform.certification == Certification(
        "a form", "A", "https://www.acme.example/certify", ("licence", "number_ownership"), 5
    )
    assert platform.device_test == HandLook(
        ("call the handset", "take a picture"), ("incoming_call", "call_log"), ("model",), "", "adb shell true"
    )
    assert platform.assisted == HandLook(
        ("type the number",), address="https://www.acme.example/query", reads=("owner",)
    )


def test_what_nobody_said_stays_unsaid(good: Good, acme: Files) -> None:
    platform = good(files(acme, PACK)).platforms["owner"]
    said: Platform = platform
    assert (said.data, said.appeal_at, said.shown_from, said.quotas) == ("", (), None, ())
    assert (said.certification, said.device_test, said.assisted, said.appeal) == (None, None, None, None)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["owner"]', '["ownr"]', '8: platform.appeal_at[0]: no pack of "ownr": did you mean "owner"?'),
        (
            '["owner"]', '["acme"]',
            "8: platform.appeal_at[0]: is the platform itself: "
            "name the platforms that take its appeals, or leave it out",
        ),
        (
            'reads = ["owner"]', 'reads = ["ownr"]',
            '36: platform.assisted.reads[0]: no pack of "ownr": did you mean "owner"?',
        ),
        (
            'reads = ["owner"]', 'reads = ["owner", "owner"]',
            '36: platform.assisted.reads[1]: "owner" is there already: name each other platform once',
        ),
        (
            'surfaces = ["incoming_call", "call_log"]', 'surfaces = ["incoming call"]',
            '28: platform.device_test.surfaces[0]: "incoming call" is no name: '
            "write at most 64 letters, digits, dots, hyphens and underscores",
        ),
        ("shown_from = 6", "shown_from = 0", "9: platform.shown_from: is the number 0: give at least 1"),
        ("most = 1\n", "most = 0\n", "13: platform.quota[0].most: is the number 0: give at least 1"),
        (
            'per = "1d"', "per = 0",
            "14: platform.quota[0].per: is no time at all: give a time such as 1d, or leave it out",
        ),
        (
            'what = "numbers in one call"', 'what = ""',
            "17: platform.quota[1].what: is empty: say what is limited, such as appeals of one number",
        ),
        (
            'route = "a form"', 'route = ""',
            "21: platform.certification.route: is empty: say how a name is certified there",
        ),
        (
            'grade = "A"', 'grade = "E"',
            '22: platform.certification.grade: is "E": one of "A", "B", "C", "D"',
        ),
        (
            "https://www.acme.example/certify", "https://certify.example/",
            '23: platform.certification.address: "https://certify.example/" is on none of the official hosts: '
            "use acme.example, or add the host to official_hosts",
        ),
        (
            '"number_ownership"', '"number_owner"',
            '24: platform.certification.papers[1]: "number_owner" is no kind of evidence: '
            'did you mean "number_ownership"?',
        ),
        ("days = 5", "days = -1", "25: platform.certification.days: is the number -1: give at least 0"),
        (
            '["incoming_call", "call_log"]', '["call_log", "call_log"]',
            "28: platform.device_test.surfaces: names a place twice: name each place once",
        ),
        (
            '["call the handset", "take a picture"]', "[]",
            "29: platform.device_test.steps: says nothing: write what the person does, one step a line",
        ),
        (
            '["type the number"]', '["", "x"]',
            "35: platform.assisted.steps: says nothing: write what the person does, one step a line",
        ),
        (
            "https://www.acme.example/query", "http://www.acme.example/query",
            '34: platform.assisted.address: "http://www.acme.example/query" is on none of the official hosts: '
            "use acme.example, or add the host to official_hosts",
        ),
        ("command =", "comand =", '31: platform.device_test.comand: unknown key: did you mean "command"?'),
    ],
)  # fmt: skip
def test_mistakes(problems: Problems, acme: Files, old: str, new: str, said: str) -> None:
    assert problems(files(acme, pack().replace(old, new, 1))) == f"platforms.d/acme.toml:{said}\n"


def test_an_address_without_official_hosts(problems: Problems, acme: Files) -> None:
    owner = OWNER + '[platform.assisted]\naddress = "https://owner.example"\nsteps = ["look"]\n'
    assert problems(acme | {"platforms.d/owner.toml": owner}) == (
        'platforms.d/owner.toml:6: platform.assisted.address: "https://owner.example" '
        "is on none of the official hosts: list the host in official_hosts\n"
    )


MANUAL = '[appeal.manual]\naddress = "{}"\nsteps = {}\n'


@pytest.mark.parametrize(
    ("address", "steps", "good"),
    [
        ("tel:10086", "[]", True),
        ("", '["in the phone: settings, appeal"]', True),
        ("", "[]", False),
        ("https://stranger.example", '["go there"]', False),
    ],
)
def test_an_appeal_without_a_page(problems: Problems, acme: Files, address: str, steps: str, *, good: bool) -> None:
    """By telephone, or on the phone itself: neither has an official host."""
    found = problems(acme | {"platforms.d/owner.toml": OWNER + MANUAL.format(address, steps)})
    assert (found == "") is good
    assert good or "platform has no official_hosts" in found
