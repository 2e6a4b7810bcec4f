"""Digests, keyed digests and the signings that platforms ask for: text in, text out.

Pure on purpose: the time and the nonce come in as values, so every vector of a standard or of a platform's
documentation is one call. `derived` puts these into requests; AES, which the standard library lacks, is `seal`.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote, unquote_to_bytes

Algorithm = Literal["sha256", "sha1", "sha512", "md5"]
Encoding = Literal["hex", "hex_upper", "base64"]
KeyEncoding = Literal["text", "hex", "base64"]


def encoded(raw: bytes, encoding: Encoding) -> str:
    """Bytes as text."""
    match encoding:
        case "hex":
            return raw.hex()
        case "hex_upper":
            return raw.hex().upper()
        case "base64":
            return b64encode(raw).decode()


def decoded(text: str, encoding: KeyEncoding) -> bytes:
    """The bytes of a key as it was handed out. `ValueError`, without the key in it, if it is not written so."""
    try:
        match encoding:
            case "text":
                return text.encode()
            case "hex":
                return bytes.fromhex(text)
            case "base64":
                return b64decode(text, validate=True)
    except ValueError:
        raise ValueError(f"is not {encoding}") from None


def digest(text: str, algorithm: Algorithm, encoding: Encoding) -> str:
    """The digest of a text in UTF-8."""
    # MD5 and SHA-1 where a platform wants them; a hardened OpenSSL refuses them unless it is told that no
    # security rests on them, and it is the platform's choice in any case.
    return encoded(hashlib.new(algorithm, text.encode(), usedforsecurity=False).digest(), encoding)


def mac(key: bytes, text: str, algorithm: Algorithm, encoding: Encoding) -> str:
    """The HMAC (RFC 2104) of a text in UTF-8."""
    return encoded(hmac.digest(key, text.encode(), algorithm), encoding)


def basic(user: str, password: str) -> str:
    """What stands after `Basic ` (RFC 7617, UTF-8)."""
    return b64encode(f"{user}:{password}".encode()).decode()


def bce_prefix(access_key: str, date: str, expiry: int) -> str:
    """The first part of Baidu's authentication string. `date` is UTC to the second, `expiry` in seconds."""
    return f"bce-auth-v1/{access_key}/{date}/{expiry}"


def bce_signature(
    secret_key: str, prefix: str, method: str, path: str, query: str, headers: Mapping[str, str]
) -> tuple[str, str]:
    """(names of the signed headers, signature) of Baidu's bce-auth-v1.

    `path` and `query` are as they are sent, percent-encoded; `headers` are those that are signed. A header
    without a value is not signed.
    """
    signed = {name.strip().lower(): value.strip() for name, value in headers.items() if value.strip()}
    lines = sorted(f"{_encoded(name)}:{_encoded(value)}" for name, value in signed.items())
    canonical = "\n".join((method, _encoded_again(path, safe="/"), _bce_query(query), "\n".join(lines)))
    signing_key = mac(secret_key.encode(), prefix, "sha256", "hex")
    return ";".join(sorted(signed)), mac(signing_key.encode(), canonical, "sha256", "hex")


def _bce_query(query: str) -> str:
    """Each parameter once more encoded, in Baidu's own way, and in order; the signature itself is not signed."""
    pairs = [part.partition("=") for part in query.replace("+", "%20").split("&") if part]
    return "&".join(
        sorted(
            f"{_encoded_again(name)}={_encoded_again(value)}"
            for name, _, value in pairs
            if name.lower() != "authorization"
        )
    )


def _encoded(text: str) -> str:
    return quote(text, safe="")


def _encoded_again(text: str, safe: str = "") -> str:
    return quote(unquote_to_bytes(text), safe=safe)
