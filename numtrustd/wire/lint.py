"""What is wrong with a pack's views, conditions and picks, found at start instead of at the first odd answer.

`match` evaluates them and never complains; `probes.lint` and `channels.answer.lint` call this for
whole packs. Problems are readable lines that begin with the place (`rules.marked.when[0]`), without file and
line: `settings` adds those.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from jmespath.exceptions import JMESPathError

from numtrustd.wire import document, match, template
from numtrustd.wire.spec import Condition, Html, Json, Jsonp, Locator, Pick, Take, Unescape, View, ViewStep

Kinds = Mapping[str, str]
"""View name → what it holds: "text", "json", "html", or "any" where that cannot be known."""

TESTS = ("exists", "equals", "one_of", "contains", "matches", "nonempty", "has_number", "at_least")

_CALLBACK = re.compile(r"[\w.$]+(\{(national|digits)\}[\w.$]*)?")
_PLACEHOLDER = re.compile(r"(?<!\\)\{([a-z0-9_]+)\}")
_KNOWN = template.CASE_NAMES | set(match.FILLED)
_TOKEN = re.compile(r"\{\d*,\d*\}|\{\d+\}|.", re.DOTALL)
_BOUND = 1_000
_ANYTHING = ("x", "7", "\u2603")
"""What finds something in each of these finds something on every page."""

_PROBE = "<html><head><title>t</title></head><body><div><p>x</p><ul><li>y</li></ul></div></body></html>"
_SAMPLE = dict.fromkeys(match.FILLED, "x")


def named(kind: str, n: int, name: str, seen: set[str], wrong: list[str]) -> str:
    """How problems call the `n`-th rule: by its name, or by its place where it has none of its own."""
    where = f"{kind}[{n}]"
    if not name.strip():
        wrong.append(f"{where}.name: is empty; what a rule says is shown under its name")
    elif name in seen:
        wrong.append(f"{where}.name: the name {name!r} is taken by another rule; give the rule a name of its own")
    else:
        where = f"{kind}.{name}"
    seen.add(name)
    return where


def kinds(views: Mapping[str, View], unclear: Iterable[str] = ()) -> dict[str, str]:
    """What each view holds; a view that is wrong is left out. Nothing is known of `unclear` ones."""
    known = {"body": "text"} | dict.fromkeys(unclear, "any")
    for name in views:
        _kind(name, views, known, ())
    return known


def views(specs: Mapping[str, View], unclear: Collection[str] = ()) -> list[str]:
    """Unknown views, circles, steps that cannot follow each other, paths that do not parse."""
    wrong: list[str] = []
    for name, view in specs.items():
        if name in unclear:
            continue
        where = f"views.{name}"
        if name in ("body", "item"):
            wrong.append(f"{where}: the name {name!r} is taken; choose another")
            continue
        if view.of != "body" and view.of not in specs and view.of not in unclear:
            wrong.append(f"{where}.of: there is no view {view.of!r}; there are {_names(specs)}")
        elif _circle(name, specs):
            wrong.append(f"{where}.of: the view is made from itself")
        else:
            wrong.extend(_steps(where, view, kinds(specs, unclear).get(view.of, "any")))
        for n, step in enumerate(view.steps):
            if isinstance(step, Take):
                wrong.extend(f"{where}.steps[{n}].path: {problem}" for problem in path(step.path))
            elif isinstance(step, Jsonp) and not _CALLBACK.fullmatch(step.callback):
                said = "a JSONP callback is a name, such as callback, jQuery123_456 or cb_{national}"
                wrong.append(f"{where}.steps[{n}].callback: {said}")
    return wrong


def place(where: str, locator: Locator, known: Kinds) -> list[str]:
    """A place in a view that is not there, or is of another kind than the place."""
    wrong: list[str] = []
    name = locator.view or "body"
    kind = known.get(name)
    if kind is None:
        wrong.append(f"{where}.view: there is no view {name!r}; there are {_names(known)}")
    if locator.path is not None and locator.css is not None:
        wrong.append(f"{where}: path and css together; give one of them")
    if locator.attr is not None and locator.css is None:
        wrong.append(f"{where}.attr: an attribute of nothing; give css beside it")
    if locator.path is not None:
        wrong.extend(f"{where}.path: {problem}" for problem in path(locator.path))
        if kind not in (None, "json", "any"):
            wrong.append(f"{where}.path: the view {name!r} holds {kind}; a path needs JSON")
    if locator.css is not None:
        wrong.extend(f"{where}.css: {problem}" for problem in css(locator.css))
        if kind not in (None, "html", "any"):
            wrong.append(f"{where}.css: the view {name!r} holds {kind}; a selector needs HTML")
    return wrong


def condition(where: str, spec: Condition, known: Kinds, names: Collection[str] = match.FILLED) -> list[str]:
    """A condition without a test, with two, with a place that is wrong, or that is true of every answer.

    `names` are the placeholders that have a value here.
    """
    wrong = place(where, spec, known)
    tests = [name for name in TESTS if getattr(spec, name) is not None]
    if spec.status is not None:
        if tests or spec.path is not None or spec.css is not None or spec.view is not None:
            wrong.append(f"{where}: status stands beside another test or place; write two conditions")
        if not spec.status or any(not 100 <= status <= 599 for status in spec.status):
            wrong.append(f"{where}.status: no HTTP statuses; they are 100 to 599")
        return wrong
    if not tests:
        wrong.append(f"{where}: no test; give one of status, {', '.join(TESTS)}")
    elif len(tests) > 1:
        wrong.append(
            f"{where}: {' and '.join(tests)} together; give one test and write another condition for the other"
        )
    whole = spec.path is None and spec.css is None and known.get(spec.view or "body") != "html"
    if spec.matches is not None:
        wrong.extend(f"{where}.matches: {problem}" for problem in pattern(spec.matches, whole=whole, guard=True))
    if spec.contains is not None and not (spec.contains and all(text.strip() for text in spec.contains)):
        wrong.append(f"{where}.contains: nothing to look for; give texts, none of them empty")
    if spec.one_of is not None and not spec.one_of:
        wrong.append(f"{where}.one_of: nothing to compare with; give values")
    return wrong + _placeholders(where, spec, names, wrong)


def pick(where: str, spec: Pick, known: Kinds, names: Collection[str] = match.FILLED) -> list[str]:
    """A pick of nothing, of two things, or from a place that is wrong. `names` as for `condition`."""
    located = spec.view is not None or spec.path is not None or spec.css is not None
    if spec.const is not None:
        wrong = [f"{where}: const beside a place; const stands alone"] if located or spec.matches is not None else []
        return wrong + _placeholders(where, spec, names, wrong)
    wrong = place(where, spec, known)
    if not located and spec.matches is None:
        wrong.append(f"{where}: picks the whole body; give path, css or matches")
    if spec.matches is not None:
        whole = spec.path is None and spec.css is None and known.get(spec.view or "body") != "html"
        wrong.extend(f"{where}.matches: {problem}" for problem in pattern(spec.matches, whole=whole))
    return wrong + _placeholders(where, spec, names, wrong)


def _placeholders(where: str, spec: Condition | Pick, names: Collection[str], said: Sequence[str]) -> list[str]:
    """Placeholders that stay as they are written, so that nothing is ever found; not where a fault is `said`."""
    filled = sorted(set(match.FILLED).intersection(names))
    texts: list[tuple[str, object, bool]] = [
        ("path", spec.path, True),
        ("css", spec.css, True),
        ("matches", spec.matches, True),
    ]
    if isinstance(spec, Condition):
        texts.append(("equals", spec.equals, True))
        texts += [(f"contains[{n}]", text, True) for n, text in enumerate(spec.contains or ())]
        texts += [(f"one_of[{n}]", text, False) for n, text in enumerate(spec.one_of or ())]
    else:
        texts.append(("const", spec.const, False))
    wrong: list[str] = []
    for key, text, may in texts:
        if any(line.startswith(f"{where}.{key}: ") for line in said):
            continue
        for name in _PLACEHOLDER.findall(text) if isinstance(text, str) else ():
            if may and name in filled:
                continue
            # Braces may also be meant: only what is, or is nearly, a placeholder is taken for one.
            if name in _KNOWN or difflib.get_close_matches(name, match.FILLED, n=1, cutoff=0.7):
                there = f"there are {', '.join(filled)}" if may and filled else "write the text itself"
                wrong.append(f"{where}.{key}: {{{name}}} has no value here; {there}")
    return wrong


def positive(conditions: Iterable[Condition]) -> bool:
    """Whether one of the conditions needs something to be there; absence alone proves nothing."""
    return any(
        c.exists or c.nonempty or c.has_number or any(getattr(c, t) is not None for t in TESTS[1:5] + TESTS[7:])
        for c in conditions
    )


def path(expression: str) -> list[str]:
    """A JMESPath that does not parse."""
    try:
        match.path(_sampled(expression))
    except (JMESPathError, RecursionError) as error:
        return [f"not a JMESPath: {' '.join(str(error).split())}"]
    return []


def css(selector: str) -> list[str]:
    """A selector that does not parse, or that finds something on every page."""
    root = document.parse(_PROBE)
    assert root is not None
    try:
        tags = [node.tag for node in document.every(root, _sampled(selector))]
    except ValueError:
        return [f"not a CSS selector: {selector!r}"]
    if "body" in tags or "html" in tags or len(tags) >= 4:
        return [f"{selector!r} finds something on every page; name the element"]
    return []


def pattern(expression: str, *, whole: bool, guard: bool = False) -> list[str]:
    """A regular expression that does not compile, matches everything (`guard`), or may take for ever.

    `whole` is for patterns over whole bodies, where even one unbounded repeat is quadratic.
    """
    text = _sampled(expression)
    try:
        compiled = match.regex(text)
    except (re.error, RecursionError, OverflowError) as error:
        return [f"not a regular expression: {error}"]
    everywhere = all(map(compiled.search, _ANYTHING)) or not expression.strip()
    if guard and ((whole and everywhere) or (compiled.search("") and compiled.search("\u2603"))):
        return [f"{expression!r} matches everything"]
    unbounded, nested = _repeats(text)
    if nested:
        return [f"{expression!r} repeats a repeat and may take for ever; bound the inner one, such as {{0,80}}"]
    if whole and unbounded:
        return [f"{expression!r} repeats without bound over a whole page; write {{0,80}} instead of * or +"]
    if unbounded > 1:
        return [f"{expression!r} has {unbounded} repeats without bound; bound all but one, such as {{0,80}}"]
    return []


def _repeats(expression: str) -> tuple[int, bool]:
    """How many repeats have no bound (or one beyond `_BOUND`), and whether a repeat is repeated.

    Reads the pattern as text: escapes and character classes go first, what is left of *, + and {m,n} are
    repeats.
    """
    text = re.sub(r"\\.", "a", expression, flags=re.DOTALL)
    text = re.sub(r"\[\^?\]?[^\]]*\]", "a", text)
    unbounded, nested, inside, closed = 0, False, [0], 0
    for token in _TOKEN.findall(text):
        if token == "(":
            inside.append(0)
        elif token == ")":
            closed = inside.pop() if len(inside) > 1 else 0
            inside[-1] += closed
            continue
        elif token in ("*", "+") or len(token) > 1:
            nested = nested or closed > 0
            if token in ("*", "+") or token.endswith(",}") or int(re.findall(r"\d+", token)[-1]) > _BOUND:
                unbounded += 1
                inside[-1] += 1
        closed = 0
    return unbounded, nested


def _kind(name: str, specs: Mapping[str, View], known: dict[str, str], seen: tuple[str, ...]) -> str | None:
    if name not in known and name in specs and name not in seen:
        kind = _kind(specs[name].of, specs, known, (*seen, name))
        for step in specs[name].steps:
            kind = None if kind is None else _after(step, kind)
        known[name] = kind or "any"
    return known.get(name)


def _after(step: ViewStep, kind: str) -> str | None:
    """What a step makes of a kind of value; `None` if it cannot."""
    match step:
        case Take():
            return "json" if kind in ("json", "any") else None
        case Json() | Jsonp():
            return "json" if kind != "html" else None
        case Html():
            return "html" if kind != "html" else None
        case Unescape():
            return "text" if kind != "html" else None


def _steps(where: str, view: View, kind: str) -> list[str]:
    for n, step in enumerate(view.steps):
        after = _after(step, kind)
        if after is None:
            return [f"{where}.steps[{n}]: {type(step).__name__.lower()} cannot read {kind}"]
        kind = after
    return []


def _circle(name: str, specs: Mapping[str, View]) -> bool:
    at, seen = name, {name}
    while at in specs:
        at = specs[at].of
        if at in seen:
            return True
        seen.add(at)
    return False


def _sampled(text: str) -> str:
    for name, value in _SAMPLE.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _names(known: Iterable[str]) -> str:
    return ", ".join(sorted({"body", *known}))
