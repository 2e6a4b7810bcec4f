"""What is wanted to be shown, and the words and thresholds of the operator: taken as meant, and wrong ones named."""

from collections.abc import Callable
from datetime import date

import pytest
from settings_files import CSV, MAIN
from settings_files import PACK as WITH_SECRET

from numtrustd import build
from numtrustd.domain.display import Display, What
from numtrustd.domain.identity import Version, Wanted
from numtrustd.domain.label import Category, Severity
from numtrustd.settings import Loaded
from numtrustd.settings.identities import day

Good = Callable[..., Loaded]
Problems = Callable[..., str]
NUMBER, OTHER = "+8613800138000", "+862151288888"
NUMBERS = (
    "number,name,group,wanted_name,wanted_logo,wanted_tag\n13800138000,one,sales,,,\n021-51288888,two,sales,门店,,\n"
)
PACK = WITH_SECRET.replace("Bearer {secret:acme-key}", "none")
BASE = MAIN + '[[group]]\nname = "sales"\n'


def files(more: str = "", numbers: str = NUMBERS, pack: str = PACK) -> dict[str, str]:
    return {"numtrustd.toml": BASE + more, "numbers.csv": numbers, "platforms.d/acme.toml": pack}


def test_where_nothing_is_said_nothing_is_wanted(good: Good) -> None:
    assert good(files(numbers=CSV)).numbers[NUMBER].wanted is None


def test_the_nearest_that_says_anything_counts_for_each_part(good: Good) -> None:
    numbers = good(
        files(
            '[[identity]]\nname = "示例物流"\n[[identity]]\nname = "示例快运"\nsince = 2026-09-01\n'
            'logo = "9f86d081884c7d65"\n'
            '[[identity]]\ngroup = "sales"\ntag = "冰饮专线"\nsince = 2026-06-01\nuntil = 2026-08-31\n'
            '[[identity]]\nnumber = "138 0013 8000"\nname = "总机"\n'
        )
    ).numbers
    logo = (Version("9f86d081884c7d65", day(date(2026, 9, 1))),)
    tag = (Version("冰饮专线", day(date(2026, 6, 1)), day(date(2026, 9, 1))),)
    assert numbers[NUMBER].wanted == Wanted((Version("总机"),), logo, tag)
    assert numbers[OTHER].wanted == Wanted((Version("门店"),), logo, tag), "its own row"


def test_the_versions_of_the_company_are_all_kept_and_shared(good: Good) -> None:
    both = "number\n13800138000\n13800138001\n"
    more = '[[identity]]\nname = "新"\nsince = 2026-09-01\n[[identity]]\nname = "旧"\n'
    numbers = good(files(more, both)).numbers
    assert numbers[NUMBER].wanted == Wanted((Version("旧"), Version("新", day(date(2026, 9, 1)))))
    assert numbers[NUMBER].wanted is numbers["+8613800138001"].wanted


def test_a_row_and_a_dated_table_of_the_same_number_are_two_versions(good: Good) -> None:
    more = '[[identity]]\nnumber = "021-51288888"\nname = "旗舰店"\nsince = 2026-09-01\n'
    assert good(files(more)).numbers[OTHER].wanted == Wanted(
        (Version("门店"), Version("旗舰店", day(date(2026, 9, 1)))),
    )


def test_a_day_begins_in_china() -> None:
    assert day(date(2026, 9, 1)) == 1_788_192_000.0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("[[identity]]\n", "identity[0]: wants nothing"),
        ('[[identity]]\nname = "a"\ngroup = "slaes"\n', 'identity[0].group: no group "slaes" in the settings'),
        ('[[identity]]\nname = "a"\ngroup = "sales"\nnumber = "95588"\n', "identity[0].group: stands beside a number"),
        ('[[identity]]\nname = "a"\nnumber = "12"\n', "identity[0].number: "),
        ('[[identity]]\nlogo = "logo.png"\n', 'identity[0].logo: "logo.png" is no digest'),
        ('[[identity]]\nname = "a"\nuntil = 2026-01-01\n', "identity[0].until: ends a tag that is not given"),
        ('[[identity]]\ntag = "a"\nsince = 2026-02-01\nuntil = 2026-01-01\n', "identity[0].until: lies before since"),
        (
            '[[identity]]\nname = "a"\n[[identity]]\nname = "b"\n',
            "identity[1].name: is a second name from the same day on",
        ),
        ("[verdict]\nquorum = 0\n", "verdict.quorum: is less than one source"),
        ('[verdict]\ninconsistent_after = "0s"\n', "verdict.inconsistent_after: is no time at all"),
        ("[platform.acme.verdict]\nquorum = 0\n", "platform.acme.verdict.quorum: is the number 0"),
        ('[vocabulary.words]\n" " = "fraud"\n', "is no word: it would be found in every label"),
        ('[platform.acme.words]\n"a" = "bad"\n', "platform.acme.words.a: "),
        ('[vocabulary.severity]\nservice = "harmless"\n', "vocabulary.severity.service: "),
    ],
)
def test_what_is_wrong_is_named(problems: Problems, more: str, said: str) -> None:
    found = problems(files(more))
    assert said in found
    assert len(found.splitlines()) == 1, found


def test_a_logo_in_a_row_that_is_no_digest(problems: Problems) -> None:
    found = problems(files(numbers="number,wanted_logo\n13800138000,logo.png\n"))
    assert found.startswith('numbers.csv:2: wanted_logo: "logo.png" is no digest')


def test_a_number_that_is_not_watched_and_a_quorum_that_never_comes_together_are_warned_of(good: Good) -> None:
    warnings = [
        f"{w.key}: {w.what}"
        for w in good(
            files('[[identity]]\nnumber = "95588"\nname = "a"\n[platform.acme.verdict]\nquorum = 2\n')
        ).warnings
    ]
    assert "identity[0].number: 95588 is none of the numbers" in warnings
    said = "platform.acme.verdict.quorum: is 2, and 1 source(s) look at acme: there 1 will do"
    assert said in warnings


DOUBT = '[source."acme.query"]\nwhen = {}\n'


def test_a_source_that_is_asked_only_in_doubt(good: Good) -> None:
    loaded = good(files(DOUBT.format('"doubt"')))
    assert build.context(loaded, "s").sources["acme.query"].when == "doubt"
    [said] = [str(warning) for warning in loaded.warnings if warning.key == 'source."acme.query".when']
    assert 'is "doubt", and nobody else looks at acme for' in said
    assert "it is asked always" in said
    assert not [w for w in good(files(DOUBT.format('"always"'))).warnings if w.key.endswith(".when")]


def test_a_word_for_when_that_is_none(problems: Problems) -> None:
    assert 'source."acme.query".when: is "seldom": one of "always", "doubt"' in problems(
        files(DOUBT.format('"seldom"'))
    )


def test_words_severity_thresholds_and_policies_reach_the_actors(good: Good) -> None:
    loaded = good(
        files(
            '[vocabulary]\nwords = { "疑似推销" = "marketing" }\nseverity = { service = "neutral" }\n'
            '[platform.acme]\nshown_from = 5\nwords = { "推销" = "agent" }\nverdict = { quorum = 2, clear = 5 }\n'
            "[verdict]\nconfirm = 4\n"
        )
    )
    context = build.context(loaded, "s")
    assert context.words["acme"] == {"推销": Category.AGENT, "疑似推销": Category.MARKETING}
    assert context.severity == {Category.SERVICE: Severity.NEUTRAL}
    assert context.platforms["acme"].shown_from == 5
    policy = context.verdict_of("acme")
    assert (policy.quorum, policy.clear, policy.confirm) == (2, 5, 4)


def displaying(rule: str) -> dict[str, str]:
    return files(pack=PACK.replace("[platform.words]", f"[[platform.display]]\n{rule}\n[platform.words]"))


def test_a_pack_says_what_a_surface_shows(good: Good) -> None:
    loaded = good(displaying('what = "name"\nsurface = "incoming_call"\nmax_width = 20\nellipsis = "…"\ngrade = "B"'))
    rule = Display(What.NAME, "incoming_call", max_width=20, ellipsis="…", grade="B")
    assert loaded.platforms["acme"].display == (rule,)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('what = "name"\ngrade = "E"', "platform.display[0].grade"),
        ('what = "name"\nsurface = "in coming"', "platform.display[0].surface"),
        ('what = "name"\n[[platform.display]]\nwhat = "name"', "platform.display[1].what: is a second rule"),
        ('what = "name"\nshown = false\nmax_chars = 4', "platform.display[0].shown: is false"),
        ('what = "logo"\nmax_chars = 4', "platform.display[0].what: is a logo"),
        ('what = "name"\nmax_width = 1', "leaves no room for one character"),
        ('what = "name"\nmax_chars = 0', "platform.display[0].max_chars: is the number 0"),
        ('what = "nome"', "platform.display[0].what: "),
    ],
)
def test_a_pack_authors_mistakes_are_named(problems: Problems, rule: str, said: str) -> None:
    assert said in problems(displaying(rule))
