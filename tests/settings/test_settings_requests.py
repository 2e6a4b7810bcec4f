"""The tables of requests beside the appeal: [correction], [tag], [certification], [removal] of a pack, and over it."""

from collections.abc import Callable

import pytest
from settings_files import PACK, Files

from numtrustd.domain.platform import WAYS, PlatformClass
from numtrustd.settings import Loaded

Good = Callable[..., Loaded]
Problems = Callable[..., str]

WAY = """
[{kind}]
address = "https://acme.example/{kind}"
review_days = 4
propagation = "2d"

[[{kind}.attempt]]
evidence = ["licence"]

[{kind}.manual]
address = "https://acme.example/{kind}"
steps = ["填写表单"]
bring_back = "受理编号"

[{kind}.manual.fields]
"名称" = "{{wanted}}"
"""


def with_way(acme: Files, kind: str, old: str = "", new: str = "") -> Files:
    table = WAY.format(kind=kind)
    assert old in table
    return acme | {"platforms.d/acme.toml": PACK + table.replace(old, new, 1)}


@pytest.mark.parametrize("kind", WAYS)
def test_a_pack_tells_how_each_kind_of_request_is_made(good: Good, acme: Files, kind: str) -> None:
    loaded = good(with_way(acme, kind))
    way = loaded.platforms["acme"].way(kind)
    assert way is not None
    assert (way.channel, way.review_days, way.propagation) == ("manual", 4, 2 * 86_400)
    assert way.attempts[0].evidence == ("licence",)
    assert loaded.manuals["acme", kind].fields == {"名称": "{wanted}"}
    # What it shows can always be asked to be deleted: by its appeal, where there is no better way.
    assert {other for other in WAYS if loaded.platforms["acme"].way(other)} == {kind, "removal"}


@pytest.mark.parametrize("kind", WAYS)
def test_the_settings_win_over_the_pack(good: Good, acme: Files, kind: str) -> None:
    own = f'[platform.acme.{kind}]\nreview_days = 9\ncooldown = "3d"\npropagation = "5d"\n'
    loaded = good(with_way(acme, kind) | {"numtrustd.toml": acme["numtrustd.toml"] + own})
    way = loaded.platforms["acme"].way(kind)
    assert way is not None
    assert (way.review_days, way.cooldown, way.propagation) == (9, 3 * 86_400, 5 * 86_400)


MISTAKES = [
    ('propagation = "2d"', "propagation_days = 400", "tag.propagation_days"),
    ('propagation = "2d"', 'propagation = "2d"\npropagation_days = 2', "tag.propagation_days"),
    ('address = "https://acme.example/tag"\nreview', 'address = "https://evil.example/tag"\nreview', "tag.address"),
    ("review_days = 4", "review_days = 400", "tag.review_days"),
    ('evidence = ["licence"]', 'evidence = ["licenze"]', "tag.attempt[0].evidence[0]"),
    ('"{wanted}"', '"{wunted}"', "tag.manual.fields"),
    ('"填写表单"', '""', "tag.manual.steps[0]"),
    ("review_days = 4", 'country = "XX"', "tag.country"),
]


@pytest.mark.parametrize(("old", "new", "at"), MISTAKES, ids=[at for _, _, at in MISTAKES])
def test_a_mistake_in_it_is_told_with_its_place(problems: Problems, acme: Files, old: str, new: str, at: str) -> None:
    said = problems(with_way(acme, "tag", old, new))
    [line] = said.splitlines()
    assert "acme.toml:" in line
    assert f": {at}" in line
    assert line.count(": ") >= 3, "place, key, what, remedy"


def test_only_appeals_go_out_by_a_program(problems: Problems, acme: Files) -> None:
    api = """
[correction.http.submit]
request = { url = "https://acme.example/x", method = "POST" }
[[correction.http.submit.rule]]
name = "accepted"
when = [{ status = [200] }]
then = { say = "refused", reason = { text = "no" } }
"""
    said = problems(acme | {"platforms.d/acme.toml": PACK + api})
    assert "correction.http: is none of a program's: write [correction.manual]" in said


def test_what_no_pack_tells_goes_the_way_of_the_certification(good: Good, acme: Files) -> None:
    certified = '[platform.certification]\nroute = "认证页面"\naddress = "https://acme.example/cert"\n'
    pack = PACK.replace("[appeal]\n", certified + "papers = ['licence']\n\n[appeal]\n", 1)
    platform = good(acme | {"platforms.d/acme.toml": pack}).platforms["acme"]
    for kind in WAYS:
        way = platform.way(kind)
        assert way is not None
        assert (way.address, way.attempts[0].evidence) == ("https://acme.example/cert", ("licence",))


def test_a_carrier_takes_its_own_time_to_certify(good: Good, acme: Files) -> None:
    certified = '[platform.certification]\nroute = "营业厅"\naddress = "https://acme.example/cert"\n'
    pack = PACK.replace("[appeal]\n", certified + "\n[appeal]\n", 1)
    usual: dict[str, tuple[int, float | str]] = {}
    for cls in ("carrier", "certification_provider", "search_engine"):
        old = next(line for line in pack.splitlines() if line.startswith("class = "))
        way = good(acme | {"platforms.d/acme.toml": pack.replace(old, f'class = "{cls}"')}).platforms["acme"]
        assert way.cls is PlatformClass(cls)
        facts = way.way("certification")
        assert facts is not None
        days = facts.propagation_days
        usual[cls] = facts.review_days, facts.propagation / 86_400 if days is None else f"{days} working days"
    assert usual == {"carrier": (7, 2), "certification_provider": (1, "5 working days"), "search_engine": (5, 3)}


@pytest.mark.parametrize("kind", ["appeal", *WAYS])
def test_of_the_two_ways_to_say_when_it_is_shown_that_of_the_settings_stands(
    good: Good, problems: Problems, acme: Files, kind: str
) -> None:
    def way(pack: str, own: str) -> tuple[float, int | None]:
        files = with_way(acme, kind, 'propagation = "2d"', pack) if kind != "appeal" else acme
        settings = f"{acme['numtrustd.toml']}[platform.acme.{kind}]\n{own}\n"
        facts = good(files | {"numtrustd.toml": settings}).platforms["acme"].way(kind)
        assert facts is not None
        return facts.propagation / 86_400, facts.propagation_days

    assert way('propagation = "2d"', "propagation_days = 4")[1] == 4
    assert way("propagation_days = 4", 'propagation = "6d"') == (6.0, None)
    if kind != "appeal":
        assert way("propagation_days = 4", 'cooldown = "6d"')[1] == 4, "what is not said stays as the pack has it"
    both = f'[platform.acme.{kind}]\npropagation = "2d"\npropagation_days = 2\n'
    said = problems(acme | {"numtrustd.toml": acme["numtrustd.toml"] + both})
    assert f"platform.acme.{kind}.propagation_days: says anew what propagation says in plain time" in said
