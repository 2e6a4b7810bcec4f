"""Keeps secrets, and what is made of them, out of what is read from an answer.

The log redacts on its own (`log.guard`); this is for the store and the sockets, where the words of an answer
go as they are. A platform that repeats a key in its error message must not bring it there.
"""

import html
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

import msgspec
from msgspec import structs

from numtrustd.wire.exchange import Outcome, Reply

REDACTED = "[redacted]"

LONG = 6
"""Characters from which a text is taken out of an answer; a shorter one would take along what is not its own."""


def spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    """These texts in every form in which they may stand in a line, a URL or a body: the longest first, so that
    a secret inside another leaves no rest of it behind.
    """
    forms: set[str] = set()
    for secret in secrets:
        forms |= {secret, secret.strip(), quote(secret, safe=""), quote_plus(secret), html.escape(secret)}
        # Twice: our own JSON body in a text of the platform's JSON.
        forms |= {repr(secret)[1:-1], _json(secret), _json(_json(secret)), repr(_json(secret))[1:-1]}
    return tuple(sorted(forms - {""}, key=len, reverse=True))


def _json(text: str) -> str:
    return msgspec.json.encode(text)[1:-1].decode()


def without(outcome: Outcome, hidden: tuple[str, ...], private: tuple[str, ...] = ()) -> Outcome:
    """The outcome without these texts: `hidden` are `spellings`, `private` are texts to be spelt first."""
    forms = [text for text in (*hidden, *spellings(private)) if len(text) >= LONG]
    if isinstance(outcome, Reply):
        body = outcome.body
        for text in forms:
            if (raw := text.encode()) in body:
                body = body.replace(raw, REDACTED.encode())
        return outcome if body is outcome.body else structs.replace(outcome, body=body)
    detail = outcome.detail
    for text in forms:
        detail = detail.replace(text, REDACTED)
    return structs.replace(outcome, detail=detail)
