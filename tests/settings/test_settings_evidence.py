"""The register of papers as it is configured: pins, agents, what a paper is for."""

import hashlib
import pathlib
from collections.abc import Callable

import pytest
from settings_files import Files

from numtrustd.settings import Loaded

Good = Callable[..., Loaded]
Problems = Callable[..., str]

PAPER = '[[evidence]]\nkind = "licence"\npath = "l.pdf"\n'
DIGEST = hashlib.sha256(b"abc").hexdigest()


@pytest.fixture
def papers(acme: Files) -> Files:
    acme["l.pdf"] = "abc"
    return acme


def test_all_that_a_paper_can_say(good: Good, papers: Files, tmp_path: pathlib.Path) -> None:
    more = f'digest = "{DIGEST.upper()}"\nplatforms = ["acme"]\ncases = ["appeal"]\nnumbers = ["138 0013 8000"]\n'
    nda = '[[evidence]]\nkind = "nda"\npath = "l.pdf"\nagent = "代理"\n[papers]\nnotice = "10d"\ninterval = "1h"\n'
    papers["numtrustd.toml"] += PAPER + more + nda
    loaded = good(papers)
    licence, agents = loaded.evidence
    assert (licence.numbers, agents.numbers) == (("+8613800138000",), ())
    assert (licence.pinned, licence.digest, licence.trouble) == (DIGEST, DIGEST, "")
    assert (licence.platforms, licence.cases) == (("acme",), ("appeal",))
    assert (agents.kind, agents.agent) == ("nda", "代理")
    assert (loaded.settings.papers.notice, loaded.settings.papers.interval) == (864_000.0, 3_600.0)
    assert not [w for w in loaded.warnings if "digest" in w.key]


def test_a_file_that_is_not_the_pinned_one_keeps_nothing_from_starting(good: Good, papers: Files) -> None:
    papers["numtrustd.toml"] += PAPER + f'digest = "{"0" * 64}"\n'
    [warning] = [str(w) for w in good(papers).warnings if "digest" in w.key]
    assert f"is not that file: its digest is {DIGEST}" in warning
    assert "put the file back, or register this one by its digest" in warning


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("+1 415 555 2671", "+14155552671 is none of the numbers: add it to the numbers, or leave it out"),
        ("13800138001", "+8613800138001 is none of the numbers: did you mean +8613800138000?"),
    ],
)
def test_a_paper_of_a_number_that_is_not_watched_is_doubted_and_serves_no_other(
    good: Good, papers: Files, number: str, said: str
) -> None:
    papers["numtrustd.toml"] += PAPER + f'numbers = ["{number}"]\n'
    loaded = good(papers)
    [warning] = [str(w) for w in loaded.warnings if w.key == "evidence[0].numbers[0]"]
    assert said in warning
    assert loaded.evidence[0].numbers == (said.split()[0],)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PAPER + 'digest = "abc"\n', "evidence[0].digest: is no SHA-256: give 64 hex digits"),
        (PAPER + 'agent = "x"\n', 'evidence[0].agent: stands with a licence: only kind = "nda" has one'),
        (PAPER.replace("licence", "nda"), "evidence[0].agent: missing: name the agent who signed it"),
        (PAPER + 'platforms = ["acne"]\n', 'evidence[0].platforms[0]: no pack of "acne": did you mean "acme"?'),
        (PAPER + 'cases = ["apeal"]\n', 'evidence[0].cases[0]: no case is of the kind "apeal"'),
        (PAPER + 'numbers = ["138"]\n', "evidence[0].numbers[0]: "),
        (PAPER + PAPER, "evidence[1].path: is already at numtrustd.toml:"),
        ('[papers]\nnotice = "0s"\n', "papers.notice: is no time at all: give more than 0 seconds"),
        ('[papers]\ninterval = "0s"\n', "papers.interval: is no time at all: give more than 0 seconds"),
    ],
)
def test_what_is_wrong_with_a_paper(problems: Problems, papers: Files, text: str, said: str) -> None:
    papers["numtrustd.toml"] += text
    assert said in problems(papers)
