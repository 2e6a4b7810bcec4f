"""Values that are made from other values for a single request: signatures, ciphers, a body's boundary.

A recipe is a placeholder with a function behind it. `auth`, `cipher` and `multipart` declare them, `template`
puts them in order, makes at once what a configuration settles, and the rest with each request.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from numtrustd.domain.number import NumberKind, from_canonical
from numtrustd.wire.parts import Parts, TemplateError, bound, constant, join, slots


class Text(NamedTuple):
    """What a recipe is made from. `check` is given the whole text as soon as it is known, and may refuse it."""

    parts: Parts
    check: Callable[[str], object] | None = None

    def bind(self, values: Mapping[str, str]) -> "Text":
        """The same text with these values in it."""
        parts = bound(self.parts, values)
        if self.check is not None and constant(parts):
            self.check(join(parts, {}))
        return Text(parts, self.check)


class Recipe:
    """One value: the placeholder `name`, made by `make` from `texts`. A `private` one must not be shown."""

    def __init__(self, name: str, make: Callable[..., str], *texts: Text, private: bool = False) -> None:
        self.name, self.private = name, private
        self._make, self._texts = make, texts
        self.needs = frozenset(name for text in texts for name in slots(text.parts))

    def bind(self, values: Mapping[str, str]) -> "Recipe":
        """The same recipe with these values in it; raises `TemplateError` on a bad one."""
        return Recipe(self.name, self._make, *(text.bind(values) for text in self._texts), private=self.private)

    def made(self, values: Mapping[str, str]) -> str:
        """The value. `KeyError` if one of `needs` is missing."""
        return self._make(*[join(text.parts, values) for text in self._texts])


class ByKind(Recipe):
    """A value that is made in one way or another, by the kind of the number."""

    def __init__(self, name: str, ways: Mapping[str, Recipe]) -> None:
        super().__init__(name, str)
        self._ways = ways
        self.needs = frozenset({"e164"}.union(*(way.needs for way in ways.values())))

    def bind(self, values: Mapping[str, str]) -> "ByKind":
        return ByKind(self.name, {kind: way.bind(values) for kind, way in self._ways.items()})

    def made(self, values: Mapping[str, str]) -> str:
        kind: NumberKind = from_canonical(values["e164"]).kind
        if kind not in self._ways:
            raise TemplateError(f"cipher: says nothing of numbers of the kind {kind}; add [….request.cipher.{kind}]")
        return self._ways[kind].made(values)


def in_order(recipes: Iterable[Recipe]) -> tuple[tuple[Recipe, ...], frozenset[str]]:
    """(the recipes, each behind those that it needs; the names of those that need themselves)."""
    left = list(recipes)
    ordered: list[Recipe] = []
    while left:
        names = {recipe.name for recipe in left}
        ready = [recipe for recipe in left if names.isdisjoint(recipe.needs)]
        if not ready:
            return tuple(ordered), frozenset(names)
        ordered += ready
        left = [recipe for recipe in left if recipe not in ready]
    return tuple(ordered), frozenset()
