"""A rule that would take a blocked page for good news is found before the first look."""

from collections.abc import Callable

import pytest
from settings_files import PACK, Files

from numtrustd.domain.number import NumberKind, from_canonical
from numtrustd.settings import pages
from tests import packs, recorded

Problems = Callable[..., str]

WHERE = "platforms.d/acme.toml:49: source[0].rule.clean.when: would say {said} of {page} as well: "
REMEDY = "add a condition on something that only the number's own card has\n"
CLEAN = 'when = [{ view = "json", path = "state", equals = "clean" }]\nthen = { say = "clean" }\n'
HTML = '[source.views]\npage = { steps = [{ do = "html" }] }\n'
JSON = '[source.views]\njson = { steps = [{ do = "json" }] }\n'


def pack(when: str, views: str = JSON, say: str = "clean") -> str:
    rule = f'when = [{when}]\nthen = {{ say = "{say}" }}\n'
    text = PACK.replace(CLEAN, rule).replace(JSON, views)
    if views != JSON:
        text = text.replace('echo = [{ view = "json", path = "number" }]\n', 'echo = [{ view = "page" }]\n')
    return text


@pytest.mark.parametrize(
    ("when", "views", "page"),
    [
        ('{ contains = ["</html>"] }', JSON, 'a captcha page with HTTP 200 (page "captcha")'),
        ('{ matches = "O.{0,3}K" }', JSON, 'a health check\'s answer (page "health-check")'),
        (
            '{ contains = ["</html>"] }, { view = "page", css = ".mark", exists = false }', HTML,
            'a captcha page with HTTP 200 (page "captcha")',
        ),
        (
            '{ view = "page", css = ".result", exists = true }, { view = "page", css = ".mark", exists = false }', HTML,
            'a page of results without a card for the number (page "no-results")',
        ),
        (
            '{ view = "json", path = "code", equals = 0 }, { view = "json", path = "data.label", nonempty = false }',
            JSON, 'an envelope that says success and holds nothing (page "success-without-data")',
        ),
        (
            '{ view = "json", path = "phone", has_number = true }, { view = "json", path = "code", equals = 0 }', JSON,
            'a query that is still under way (page "pending")',
        ),
        ('{ matches = "^13800138000$" }', JSON, 'the number and nothing else (page "number-alone")'),
    ],
)  # fmt: skip
def test_a_rule_that_believes_too_much(problems: Problems, acme: Files, when: str, views: str, page: str) -> None:
    for said in ("clean", "certified"):
        text = pack(when, views, said)
        found = problems(acme | {"platforms.d/acme.toml": text})
        assert found.endswith(WHERE.format(said=said, page=page).partition(": ")[2] + REMEDY), found
        line = 1 + text[: text.index("when = [")].count("\n")
        assert found.startswith(f"platforms.d/acme.toml:{line}: ")


def test_a_guard_is_no_excuse(problems: Problems, acme: Files) -> None:
    guard = (
        '[[source.guard]]\nname = "blocked"\nwhen = [{ contains = ["验证码"] }]\n'
        'then = { say = "unknown", reason = "blocked" }\n[[source.rule]]\n'
    )
    text = pack('{ contains = ["验证码"] }').replace("[[source.rule]]\n", guard, 1)
    assert 'would say clean of a captcha page with HTTP 200 (page "captcha")' in problems(
        acme | {"platforms.d/acme.toml": text}
    )


def test_a_page_inside_what_the_source_unpacks(problems: Problems, acme: Files) -> None:
    views = (
        '[source.views]\njson = { steps = [{ do = "jsonp", callback = "cb_{national}" }] }\n'
        'page = { of = "json", steps = [{ do = "take", path = "html" }, { do = "html" }] }\n'
    )
    text = pack('{ view = "page", css = "form", exists = true }', views)
    text = text.replace('v1/{national}"', 'v1/{national}?callback=cb_{national}"')
    assert 'would say clean of a captcha page with HTTP 200 (page "captcha")' in problems(
        acme | {"platforms.d/acme.toml": text}
    )


def test_a_rule_that_asks_for_its_card_is_left_alone(problems: Problems, acme: Files) -> None:
    assert (
        problems(
            acme | {"platforms.d/acme.toml": pack('{ view = "page", css = ".card .state", equals = "clean" }', HTML)}
        )
        == ""
    )
    marked = pack('{ contains = ["</html>"] }', say="marked").replace(
        'say = "marked"', 'say = "marked", category = "other"'
    )
    assert problems(acme | {"platforms.d/acme.toml": marked}) == ""  # a label is looked into; nobody sleeps over it


def test_the_shipped_rules_believe_none_of_them() -> None:
    assert {source.id: pages.lint(source) for source in packs.sources().values()} == {
        name: [] for name in packs.sources()
    }


def test_the_corpus() -> None:
    shipped = pages.shipped()
    assert len({page.name for page in shipped}) == len(shipped) >= 20
    assert {page.type for page in shipped} == {"html", "json", "text"}
    assert all(page.about and ":" not in page.about and ";" not in page.about for page in shipped)
    assert sum("{number}" in page.body for page in shipped) >= 8
    assert pages.EXAMPLES.keys() == set(NumberKind)
    assert all(from_canonical(text).kind is kind for kind, text in pages.EXAMPLES.items())


def test_no_page_of_the_corpus_is_read_as_a_verdict_by_a_shipped_source() -> None:
    """The same pages as answers: with guards, echo and all."""
    for source in packs.sources().values():
        number = from_canonical(pages.EXAMPLES[source.kinds[0]])
        for page in pages.shipped():
            for observation in recorded.look(source, number, page.body.replace("{number}", number.national)):
                assert not observation.known, (source.id, page.name)
