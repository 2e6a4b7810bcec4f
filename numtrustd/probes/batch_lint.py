"""PURE: what is wrong with a source's batches, found at start instead of with the first batch that is paid for.

`lint` beside this calls it for `[source.batch]`; everything else of a source it looks at itself.
"""

from collections.abc import Collection, Mapping, Sequence

from numtrustd.probes.batch import (
    COLLECT_NAMES,
    LOOK_UP_NAMES,
    SUBMIT_NAMES,
    BatchSpec,
    CollectRule,
    SayAccepted,
    SayDone,
    SayGone,
    SayItems,
    SayNotFound,
    SayRefused,
    SubmitCall,
    SubmitRule,
)
from numtrustd.probes.spec import Source
from numtrustd.wire import lint as wires
from numtrustd.wire import template
from numtrustd.wire.auth import MOMENT_NAMES
from numtrustd.wire.parts import TemplateError, names_of
from numtrustd.wire.spec import Condition, Pick, RequestSpec

_NOWHERE = "no program can tell apart what it took in from what it did not"


def lint(source: Source, batch: BatchSpec, unclear: Mapping[str, Collection[str]]) -> list[str]:
    """What is wrong, one readable line each, beginning with the key. Empty means that it may be used.

    `unclear` are, by call, the views of which nothing is known, because what stands there could not be read.
    """
    wrong = _numbers(batch) + _times(batch)
    if not source.echo:
        wrong.append(
            "echo: is empty, and nothing else says which item is about which number; name the place in an item"
        )
    wrong += _submit("submit", batch.submit, SUBMIT_NAMES, (SayAccepted, "accepted"), unclear)
    wrong += _collect(batch, unclear.get("collect", ()))
    if batch.look_up is not None:
        wrong += _submit("look_up", batch.look_up, LOOK_UP_NAMES, (SayNotFound, "not_found"), unclear)
        if "ref" not in template.placeholders(batch.submit.request):
            wrong.append("batch.submit.request: carries no {ref}, by which look_up finds a batch; put it in there")
    for n, rule in enumerate(batch.submit.rules):
        if isinstance(rule.then, SayNotFound):
            wrong.append(
                f"batch.submit.rule[{n}].then: is no answer to a submission; it may say accepted, refused, later"
            )
    return wrong


def _numbers(batch: BatchSpec) -> list[str]:
    wrong: list[str] = []
    names = names_of(batch.number)
    if not names:
        wrong.append('batch.number: holds no number; write it like "{national}"')
    for name in sorted(names - template.NUMBER_NAMES):
        known = ", ".join(sorted(template.NUMBER_NAMES))
        wrong.append(f"batch.number: unknown placeholder {{{name}}}; there are {known}")
    if template.placeholders(batch.submit.request).isdisjoint({"numbers"}):
        wrong.append('batch.submit.request: carries no numbers; write {numbers} in a text, or ["{numbers}"] for a list')
    if not batch.separator or any(c.isalnum() or c == "+" for c in batch.separator):
        wrong.append('batch.separator: would not part one number from the next; write it like ","')
    return wrong


def _times(batch: BatchSpec) -> list[str]:
    wrong = [
        f"batch.{name}: is no time at all; give more than 0 seconds"
        for name in ("poll", "give_up")
        if getattr(batch, name) <= 0
    ]
    wrong += [
        f"batch.{name}: is less than no time; give at least 0 seconds"
        for name in ("gather", "ready_after", "settle")
        if getattr(batch, name) < 0
    ]
    if batch.give_up <= batch.ready_after:
        wrong.append("batch.give_up: comes before the first collection; give more than ready_after")
    return wrong


def _submit(
    name: str,
    call: SubmitCall,
    names: Collection[str],
    needed: tuple[type, str],
    unclear: Mapping[str, Collection[str]],
) -> list[str]:
    where = f"batch.{name}"
    wrong = _request(where, call.request, names)
    wrong += [f"{where}.{line}" for line in wires.views(call.views, unclear.get(name, ()))]
    known = wires.kinds(call.views, unclear.get(name, ()))
    seen: set[str] = set()
    for n, rule in enumerate(call.rules):
        at = wires.named(f"{where}.rule", n, rule.name, seen, wrong)
        wrong += _conditions(at, rule, known, {"ref"})
        proven = wires.positive(rule.when) or (isinstance(rule.then, SayNotFound) and any(map(_absent, rule.when)))
        if isinstance(rule.then, SayAccepted | SayNotFound) and rule.when and not proven:
            wrong.append(f"{at}.when: status and absence prove nothing; add a condition on something that is there")
        if isinstance(rule.then, SayAccepted):
            wrong += wires.pick(f"{at}.then.task", rule.then.task, known, {"ref"})
        if isinstance(rule.then, SayRefused) and isinstance(rule.then.reason, Pick):
            wrong += wires.pick(f"{at}.then.reason", rule.then.reason, known, {"ref"})
        for i, condition in enumerate(rule.when):
            if any(100 <= s <= 199 or 300 <= s <= 399 or s >= 500 for s in condition.status or ()):
                wrong.append(f"{at}.when[{i}].status: after 1xx, 3xx and 5xx {_NOWHERE}; leave it out")
    kind, said = needed
    if not any(isinstance(rule.then, kind) for rule in call.rules):
        wrong.append(f"{where}.rule: none says {said}; add one, since what no rule knows is never sent again")
    return wrong


def _collect(batch: BatchSpec, unclear: Collection[str]) -> list[str]:
    where, call = "batch.collect", batch.collect
    wrong = _request(where, call.request, COLLECT_NAMES)
    wrong += [f"{where}.{line}" for line in wires.views(call.views, unclear)]
    known = wires.kinds(call.views, unclear)
    if "task" not in template.placeholders(call.request) and "ref" not in template.placeholders(call.request):
        wrong.append(f"{where}.request: does not say which task; write {{task}} where the platform wants its id")
    if call.items.path is None:
        wrong.append(f"{where}.items: names no list; give the view that holds JSON, and the path of the list in it")
    else:
        wrong += wires.place(f"{where}.items", call.items, known)
    seen: set[str] = set()
    for n, rule in enumerate(call.rules):
        at = wires.named(f"{where}.rule", n, rule.name, seen, wrong)
        wrong += _conditions(at, rule, known, {"task"})
        if isinstance(rule.then, SayItems | SayDone | SayGone) and rule.when and not wires.positive(rule.when):
            wrong.append(f"{at}.when: status and absence prove nothing; add a condition on something that is there")
    if not any(isinstance(rule.then, SayItems | SayDone) for rule in call.rules):
        wrong.append(f"{where}.rule: none says items or done, so nothing is ever read; add one")
    return wrong


def _conditions(where: str, rule: SubmitRule | CollectRule, known: wires.Kinds, names: Collection[str]) -> list[str]:
    wrong: list[str] = []
    if not rule.when:
        wrong.append(f"{where}.when: a rule without conditions matches everything; say what it knows the answer by")
    for n, condition in enumerate(rule.when):
        wrong += wires.condition(f"{where}.when[{n}]", condition, known, names)
    return wrong


def _absent(condition: Condition) -> bool:
    return condition.exists is False and "{ref}" in f"{condition.path}{condition.css}"


def _request(where: str, request: RequestSpec, names: Collection[str]) -> list[str]:
    wrong = [f"{where}.{line}" for line in template.lint(request, names=names)]
    if request.cipher:
        wrong.append(f"{where}.request.cipher: a batch carries its numbers in clear; remove it")
    if wrong:
        return wrong
    try:
        needs = template.compile_request(request, names=names).needs
    except TemplateError as error:  # only together with what was said already
        return [f"{where}.request: {line}" for line in error.problems]
    known: Sequence[str] = sorted({*names, template.NUMBER_LIST, *MOMENT_NAMES})
    return [
        f"{where}.request: unknown placeholder {{{name}}}; there are {', '.join(sorted(names))}, var:…, secret:…"
        for name in sorted(needs)
        if ":" not in name and name not in known
    ]
