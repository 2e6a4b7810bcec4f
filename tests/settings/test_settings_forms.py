"""What forms ask of the company and the settings do not say is doubted before anybody fills one in."""

from collections.abc import Callable

from settings_files import Files

from numtrustd.settings import Loaded

Good = Callable[..., Loaded]

FIELDS = 'fields = { number = "{national}" }'
ASKS = 'fields = { "联系人" = "{contact_name}", "联系电话" = "{contact_phone}", "企业" = "{company}" }'


def warnings(loaded: Loaded) -> dict[str, str]:
    return {w.key: str(w) for w in loaded.warnings if w.key.startswith("company.")}


def asking(acme: Files, settings: str = "") -> Files:
    pack = acme["platforms.d/acme.toml"]
    assert FIELDS in pack
    acme["platforms.d/acme.toml"] = pack.replace(FIELDS, ASKS)
    acme["numtrustd.toml"] += settings
    return acme


def test_what_a_form_asks_and_nobody_said_is_doubted_once_for_each_key(good: Good, acme: Files) -> None:
    said = warnings(good(asking(acme, 'contact_phone = "021-51288801"\n')))
    assert list(said) == ["company.contact_name"]
    assert (
        "is not given, and forms ask for it: acme: give it, or fill it in by hand each time"
        in (said["company.contact_name"])
    )


def test_a_form_that_asks_nothing_is_nobodys_trouble(good: Good, acme: Files) -> None:
    assert warnings(good(acme)) == {}


def test_the_name_is_asked_for_once(good: Good, acme: Files) -> None:
    asking(acme)
    acme["numtrustd.toml"] = acme["numtrustd.toml"].replace('name = "Example Ltd."\n', "")
    assert sorted(w.key for w in good(acme).warnings if w.key.startswith("company.")) == [
        "company.contact_name", "company.contact_phone", "company.name",
    ]  # fmt: skip
