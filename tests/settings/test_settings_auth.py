"""What `check` says of a pack's auth, ciphers and bodies: each mistake with place and remedy, and no secret told."""

from collections.abc import Callable

import pytest
from settings_files import PACK, Files

from numtrustd import build
from numtrustd.settings import Loaded

Good = Callable[..., Loaded]
Problems = Callable[..., str]

REQUEST = PACK[PACK.index("[source.request]") : PACK.index("[source.views]")]
AT = PACK[: PACK.index("[source.request]")].count("\n") + 1
"""The line of `[source.request]`."""

KEY, IV = "0123456789abcdef", "fedcba9876543210"


def pack(acme: Files, request: str, **secrets: str) -> Files:
    files = acme | {"platforms.d/acme.toml": PACK.replace(REQUEST, f"[source.request]\n{request}\n")}
    return files | {f"secrets/{name.replace('_', '-')}": secret for name, secret in secrets.items()}


BAIDU = """\
method = "POST"
url = "https://{var:host}/v1/tag"
json = { phone = "{sealed}" }
[source.request.auth]
kind = "bce"
access_key = "{secret:access}"
secret_key = "{secret:key}"
expiry = "30m"
[source.request.cipher.mobile]
kind = "digest"
algorithm = "sha1"
of = "{national}"
[source.request.cipher.landline]
kind = "aes_cbc"
of = "{dashed}"
key = "{secret:aes-key}"
iv = "{secret:aes-iv}"
"""


def test_every_kind_loads(good: Good, acme: Files) -> None:
    loaded = good(pack(acme, BAIDU, access="a", key="b", aes_key=KEY, aes_iv=IV))
    assert loaded.secrets == {"access": "a", "key": "b", "aes-key": KEY, "aes-iv": IV}
    template = build.look_template(loaded, "acme.query")
    assert template.timed
    assert template.needs == {"e164", "national", "dashed", "timestamp_iso"}
    for auth in (
        'kind = "basic"\nuser = "{var:key_name}"\npassword = "{secret:key}"',
        'kind = "bearer"\ntoken = "{secret:key}"',
        'kind = "header"\nname = "X-Key"\nvalue = "{secret:key}"',
        'kind = "query"\nname = "key"\nvalue = "{secret:key}"',
    ):
        request = f'url = "https://{{var:host}}/{{national}}"\n[source.request.auth]\n{auth}'
        files = pack(acme, request, key="b")
        files["platforms.d/acme.toml"] = files["platforms.d/acme.toml"].replace('key_name = ""', 'key_name = "me"')
        template = build.look_template(good(files), "acme.query")
        assert template.needs == {"national"}
        assert not template.timed


def test_what_is_made_of_secrets_once_and_for_all_is_told_to_nobody(good: Good, acme: Files) -> None:
    request = """\
url = "https://{var:host}/{national}"
[source.request.auth]
kind = "basic"
user = "me"
password = "{secret:key}"
"""
    # printf %s me:open-sesame | openssl base64
    assert build.private(good(pack(acme, request, key="open-sesame"))) == ["open-sesame", "bWU6b3Blbi1zZXNhbWU="]


def test_a_rotated_secret_of_an_auth_makes_another_source_of_it(good: Good, acme: Files) -> None:
    files = pack(acme, BAIDU, access="ab", key="bc", aes_key=KEY, aes_iv=IV)
    before = build.bound_sources(good(files))
    assert build.bound_sources(good(files)) == before
    for name in ("access", "key", "aes-key", "aes-iv"):
        other = build.bound_sources(good(files | {f"secrets/{name}": files[f"secrets/{name}"][::-1]}))
        assert other != before


PLAIN = 'url = "https://{var:host}/{national}"\n[source.request.auth]\n'
SIGNED = 'url = "https://{var:host}/{national}?s={sign}"\n'
SEALED = 'url = "https://{var:host}/{sealed}"\n'


@pytest.mark.parametrize(
    ("request_", "secrets", "line", "said"),
    [
        (
            PLAIN + 'kind = "baisc"\n',
            {},
            3,
            'source[0].request.auth.kind: is "baisc": did you mean "basic"?',
        ),
        (
            PLAIN + 'user = "me"\n',
            {},
            2,
            'source[0].request.auth.kind: missing: give one of "basic", "bearer", "header", "query", "digest", "hmac"',
        ),
        (
            PLAIN + 'kind = "basic"\nuser = "me"\npasword = "{secret:key}"\n',
            {},
            None,
            'source[0].request.auth.pasword: unknown key: did you mean "password"?',
        ),
        (
            SIGNED + '[source.request.auth]\nkind = "digest"\nalgorithm = "sha-256"\nof = "{secret:key}"\n',
            {"key": "k"},
            None,
            'source[0].request.auth.algorithm: is "sha-256": one of "md5", "sha1", "sha256", "sha512"',
        ),
        (
            SIGNED + '[source.request.auth]\nkind = "digest"\nof = "{secret:key}{tiemstamp}"\n',
            {"key": "k"},
            4,
            "source[0].request.auth.of: unknown placeholder {tiemstamp}: there are area, body, dashed, ",
        ),
        (
            PLAIN + 'kind = "bearer"\ntoken = ""\n',
            {},
            4,
            "source[0].request.auth.token: is empty: write {secret:NAME} or {var:NAME}, or a text",
        ),
        (
            PLAIN + 'kind = "bearer"\ntoken = "t0ken"\n',
            {},
            4,
            "source[0].request.auth.token: holds no secret: "
            "write {secret:NAME} and put the secret into the credential NAME",
        ),
        (
            SEALED + '[source.request.cipher.mobile]\nkind = "plain"\n',
            {},
            2,
            "source[0].request.cipher: says nothing of numbers of the kind landline: "
            "add [source.request.cipher.landline]",
        ),
        (
            SEALED
            + '[source.request.cipher.mobile]\nkind = "rot13"\n[source.request.cipher.landline]\nkind = "plain"\n',
            {},
            3,
            'source[0].request.cipher.mobile.kind: is "rot13": known here: aes_cbc, digest, plain',
        ),
        (
            'url = "https://{var:host}/{national}"\njson = { a = 1 }\n',
            {},
            0,
            'source[0].request: a GET request has no body: write method = "POST"',
        ),
        (
            'url = "https://{var:host}/"\nmethod = "POST"\n[source.request.multipart.file]\nname = "f"\ncontent = ""\n',
            {},
            5,
            "source[0].request.multipart.file.content: is empty: write what the file holds, such as {national}",
        ),
        # What only the credentials can show.
        (
            PLAIN + 'kind = "basic"\nuser = "me"\npassword = "{secret:key}"\n',
            {},
            None,
            "credentials.key: acme.query needs this secret: secrets/key: no such file or directory: "
            "put the secret, and nothing else, into that file",
        ),
        (
            BAIDU,
            {"access": "a", "key": "b", "aes_key": "hunter2hunter2", "aes_iv": IV},
            16,
            "source[0].request.cipher.landline.key: acme.query: aes-key has 14 bytes instead of 16 or 24 or 32: "
            "see that key_encoding (text) is right",
        ),
        (
            BAIDU,
            {"access": "a", "key": "b", "aes_key": KEY, "aes_iv": "hunter2"},
            17,
            "source[0].request.cipher.landline.iv: acme.query: aes-iv has 7 bytes instead of 16: "
            "see that key_encoding (text) is right",
        ),
        (
            SIGNED
            + '[source.request.auth]\nkind = "hmac"\nkey = "{secret:key}"\nof = "{national}"\nkey_encoding = "base64"',
            {"key": "hunter2"},
            4,
            "source[0].request.auth.key: acme.query: key is not base64: correct the secret in its credential",
        ),
        (
            PLAIN + 'kind = "bearer"\ntoken = "{secret:key}"\n',
            {"key": "hunter2密"},
            0,
            "source[0].request: acme.query: a header's value may hold visible ASCII only, and no line break: "
            "correct the secret in its credential",
        ),
    ],
)
def test_mistakes(
    problems: Problems, acme: Files, request_: str, secrets: dict[str, str], line: int | None, said: str
) -> None:
    found = problems(pack(acme, request_, **secrets))
    assert said in found
    assert "hunter2" not in found
    lines = [row for row in found.splitlines() if said in row]
    assert len(lines) == 1
    if line is not None:
        assert lines[0].startswith(f"platforms.d/acme.toml:{AT + line}: "), (AT, found)


def test_a_mistake_is_said_once(problems: Problems, acme: Files) -> None:
    text = PLAIN + 'kind = "bearer"\ntoken = "t0ken"\n'
    assert problems(pack(acme, text)).count("\n") == 1
    assert problems(pack(acme, BAIDU, access="a", key="b", aes_key="x", aes_iv=IV)).count("\n") == 1
