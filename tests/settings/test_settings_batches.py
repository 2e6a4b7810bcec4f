"""What `check` says of a source that takes batches: each mistake with place and remedy."""

from collections.abc import Callable

import pytest
from settings_files import PACK, Files

from numtrustd import build
from numtrustd.look import LookError, look_once
from numtrustd.settings import Loaded
from tests.settings.test_settings_auth import REQUEST

Good = Callable[..., Loaded]
Problems = Callable[..., str]

BATCH = """\
[source.batch]
most = 200
gather = "10m"
ready_after = "1h"
poll = "20m"
give_up = "1d"

[source.batch.submit]
views = { json = { steps = [{ do = "json" }] } }
[source.batch.submit.request]
method = "POST"
url = "https://{var:host}/v1/batches"
json = { order = "{ref}", phones = ["{numbers}"] }
headers = { Authorization = "Bearer {secret:acme-key}" }
[[source.batch.submit.rule]]
name = "taken"
when = [{ view = "json", path = "task", nonempty = true }]
then = { say = "accepted", task = { view = "json", path = "task" } }
[[source.batch.submit.rule]]
name = "refused"
when = [{ view = "json", path = "error", nonempty = true }]
then = { say = "refused", reason = { view = "json", path = "error" } }

[source.batch.look_up]
views = { json = { steps = [{ do = "json" }] } }
request = { url = "https://{var:host}/v1/batches?order={ref}" }
[[source.batch.look_up.rule]]
name = "found"
when = [{ view = "json", path = "task", nonempty = true }]
then = { say = "accepted", task = { view = "json", path = "task" } }
[[source.batch.look_up.rule]]
name = "absent"
when = [{ view = "json", path = "orders", equals = "none" }]
then = { say = "not_found" }

[source.batch.collect]
items = { view = "json", path = "items" }
views = { json = { steps = [{ do = "json" }] } }
request = { url = "https://{var:host}/v1/batches/{task}" }
[[source.batch.collect.rule]]
name = "done"
when = [{ view = "json", path = "task", equals = "{task}" }]
then = { say = "done" }

"""
TEXT = PACK.replace(REQUEST, BATCH)


def batches(acme: Files, old: str = "", new: str = "", text: str = TEXT) -> Files:
    assert old in text
    return acme | {"platforms.d/acme.toml": text.replace(old, new, 1) if old else text}


def test_it_loads_and_is_filled_in(good: Good, acme: Files) -> None:
    loaded = good(batches(acme))
    source = loaded.sources["acme.query"]
    assert (source.kind, source.request) == ("batch", None)
    assert source.batch is not None
    assert (source.batch.most, source.batch.gather, source.batch.give_up) == (200, 600.0, 86_400.0)
    templates = build.batch_templates(loaded, "acme.query")
    request = templates["submit"].fill({"ref": "r-1", "numbers[]": "1\n2"})
    assert request.body == b'{"order":"r-1","phones":["1","2"]}'
    assert request.origin == "https://api.acme.example"
    assert templates["collect"].fill({"task": "T/1"}).target == "/v1/batches/T%2F1"
    assert "s3cret" in build.private(loaded)


def test_a_base_url_and_a_changed_secret_are_those_of_every_call(good: Good, acme: Files) -> None:
    files = batches(acme)
    files["numtrustd.toml"] += '[source."acme.query"]\nbase_url = "http://127.0.0.1:8/x"\n'
    loaded = good(files)
    templates = build.batch_templates(loaded, "acme.query")
    assert templates["look_up"].fill({"ref": "r"}).target == "/x/v1/batches?order=r"
    before = build.bound_sources(loaded)
    files["secrets/acme-key"] = "an0ther"
    assert build.bound_sources(good(files)) != before


@pytest.mark.parametrize(
    ("old", "new", "key", "what"),
    [
        ("most = 200", "most = 0", "batch.most", "at least 1"),
        ("most = 200", "most = 9000", "batch.most", "at most 5000"),
        ('poll = "20m"', 'poll = "0s"', "batch.poll", "is no time at all"),
        ('give_up = "1d"', 'give_up = "30m"', "batch.give_up", "comes before the first collection"),
        ('gather = "10m"', "gather = -5", "batch.gather", "is the number -5"),
        ("most = 200", 'most = 200\nnumber = "x"', "batch.number", "holds no number"),
        ("most = 200", 'most = 200\nnumber = "{letter}"', "batch.number", "unknown placeholder {letter}"),
        ("most = 200", 'most = 200\nseparator = "0"', "batch.separator", "would not part one number"),
        ('"{numbers}"', '"all of them"', "batch.submit.request", "carries no numbers"),
        ('"{numbers}"', '"{national}"', "batch.submit.request", "unknown placeholder {national}"),
        ('"{numbers}"', '"{numbers}", "{national_sha1}"', "batch.submit.request", "unknown placeholder {national}"),
        ('order = "{ref}", ', "", "batch.submit.request", "carries no {ref}, by which look_up finds a batch"),
        ("/v1/batches/{task}", "/v1/batches", "batch.collect.request", "does not say which task"),
        ("/v1/batches/{task}", "/v1/{receipt}", "batch.collect.request", "unknown placeholder {receipt}"),
        ("order={ref}", "order={ref}&t={task}", "batch.look_up.request", "unknown placeholder {task}"),
        ('path = "items"', 'path = "items["', "batch.collect.items", "JMESPath"),
        ('items = { view = "json", path = "items" }', 'items = { view = "json" }', "batch.collect.items", "no list"),
        ('items = { view = "json"', 'items = { view = "jsn"', "batch.collect.items", "there is no view 'jsn'"),
        ('say = "done"', 'say = "pending"', "batch.collect.rule", "none says items or done"),
        ('say = "done"', 'say = "clean"', "batch.collect.rule[0].then.say", 'is "clean"'),
        ('equals = "{task}"', "exists = false", "batch.collect.rule.done.when", "status and absence prove nothing"),
        ('equals = "{task}"', 'equals = "{receipt}"', "batch.collect.rule.done.when[0]", "{receipt}"),
        ('say = "not_found"', 'say = "refused"', "batch.look_up.rule", "none says not_found"),
        (
            'then = { say = "refused", reason = { view = "json", path = "error" } }',
            'then = { say = "not_found" }',
            "batch.submit.rule[1].then",
            "is no answer to a submission",
        ),
        (
            'when = [{ view = "json", path = "error", nonempty = true }]',
            "when = [{ status = [502] }]",
            "batch.submit.rule.refused.when[0].status",
            "after 1xx, 3xx and 5xx",
        ),
        (
            'when = [{ view = "json", path = "task", nonempty = true }]',
            "when = [{ status = [200] }]",
            "batch.submit.rule.taken.when",
            "status and absence prove nothing",
        ),
        (
            'when = [{ view = "json", path = "task", nonempty = true }]',
            "when = []",
            "batch.submit.rule.taken.when",
            "a rule without conditions",
        ),
        ('echo = [{ view = "json", path = "number" }]\n', "", "echo", "nothing else says which item is about which"),
        (
            "[source.batch]\n",
            '[source.request]\nurl = "https://a.example/"\n[source.batch]\n',
            "batch",
            "keep one, or make two sources of it",
        ),
        (BATCH, "", "request", "give [source.request] for an HTTP request, [source.batch]"),
    ],
)
def test_each_mistake_has_its_place_and_remedy(
    old: str, new: str, key: str, what: str, problems: Problems, acme: Files
) -> None:
    said = problems(batches(acme, old, new)).splitlines()
    assert said, "it loads"
    found = [line for line in said if what in line]
    assert found, said
    place, _, rest = found[0].partition(": ")
    assert place.startswith("platforms.d/acme.toml:")
    assert rest.startswith(f"source[0].{key}"), rest
    assert rest.count(": ") >= 2, "and what would be right"


def test_a_missing_variable_of_a_batch_is_asked_for(problems: Problems, acme: Files) -> None:
    files = batches(acme, "{var:host}/v1/batches/", "{var:key_name}.acme.example/v1/batches/")
    assert "platform.acme.vars.key_name: acme.query needs it" in problems(files)


def test_a_missing_secret_of_a_batch_is_asked_for(problems: Problems, acme: Files) -> None:
    files = batches(acme)
    del files["secrets/acme-key"]
    assert "acme-key" in problems(files)


def test_numtrustd_look_leaves_batches_to_the_daemon(acme: Files, tree: Callable[..., object]) -> None:
    config = tree(batches(acme))
    with pytest.raises(LookError, match="takes numbers in batches") as error:
        look_once(
            "13800138000",
            config,  # type: ignore[arg-type]  # the path of numtrustd.toml
            {},
            platform=None,
            source="acme.query",
            verbose=False,
            echo=print,
        )
    assert error.value.status
