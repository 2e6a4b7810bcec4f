"""Words of which there are only some: who misspells one is told which he may have meant."""

from collections.abc import Sequence
from typing import Any

import click

from numtrustd.ctl.lang import tr
from numtrustd.domain.near import near


class Choice(click.Choice[str]):
    """An option or an argument that takes one of some words."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        said = super().get_invalid_choice_message(value, ctx)
        return with_meant(said.rstrip(".。"), str(value), self.choices)


def with_meant(refusal: str, word: str, known: Sequence[str]) -> str:
    """A refusal that lists what is known, with the one of them that was meant, if one can be told."""
    meant = near(word, known)
    return refusal if meant is None else tr("{refusal}: did you mean {meant}?").format(refusal=refusal, meant=meant)
