"""Digests and signings against vectors that are not ours: RFCs, a platform's documentation, openssl."""

import pytest

from numtrustd.wire import seal, signing

# RFC 4231: (key, data, HMAC-SHA-256, HMAC-SHA-512's first bytes). Case 5 is a truncated one, which nobody asks for.
RFC_4231 = [
    (
        b"\x0b" * 20,
        "Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        "87aa7cdea5ef619d4ff0b4241a1d6cb0",
    ),
    (
        b"Jefe",
        "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "164b7a7bfcf819e2e395fbe73b56e0a3",
    ),
    (
        b"\xaa" * 131,
        "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        "80b24263c7c1a3ebb71493c1dd7be8b4",
    ),
    (
        b"\xaa" * 131,
        "This is a test using a larger than block-size key and a larger than block-size data. "
        "The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        "e37b6a775dc87dbaa4dfa9f96e5e3ffd",
    ),
]


@pytest.mark.parametrize(("key", "data", "sha256", "sha512"), RFC_4231)
def test_hmac_of_rfc_4231(key: bytes, data: str, sha256: str, sha512: str) -> None:
    assert signing.mac(key, data, "sha256", "hex") == sha256
    assert signing.mac(key, data, "sha512", "hex").startswith(sha512)


def test_hmac_in_other_algorithms_and_spellings() -> None:
    # printf 'appId=a&phone=13800138000&timestamp=1772413200' | openssl dgst -sha1 -hmac k3y -r
    text = "appId=a&phone=13800138000&timestamp=1772413200"
    assert signing.mac(b"k3y", text, "sha1", "hex") == "53a908bdc9a55279b859b747389e34b2aeac3ebf"
    # printf 'POST\n/v1/numbers\nq=1\n{"phone":"13800138000"}' | openssl dgst -sha256 -hmac k3y -binary | base64
    text = 'POST\n/v1/numbers\nq=1\n{"phone":"13800138000"}'
    assert signing.mac(b"k3y", text, "sha256", "base64") == "LlQcFyfbXX4IQXhTFu+p0RiE5TLTl5Tb2KggeUbHe0s="
    # RFC 2202, case 2
    assert signing.mac(b"Jefe", "what do ya want for nothing?", "md5", "hex") == "750c783e6ab0b503eaa86e310a5db738"


@pytest.mark.parametrize(
    ("user", "password", "text"),
    [
        ("Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),  # RFC 7617, 2
        ("test", "123£", "dGVzdDoxMjPCow=="),  # RFC 7617, 2.1
    ],
)
def test_basic_of_rfc_7617(user: str, password: str, text: str) -> None:
    assert signing.basic(user, password) == text


def test_digests() -> None:
    # The parts are those of jumdata's documentation (showdoc.com.cn/jumdata/11509949641454521), the sums are from
    # printf %s xyzxy2121zxyzefcefcef1121cefcefc12121211555378976238 | openssl dgst -sha256 -r    (and -md5)
    text = "xyzxy2121zxyz" + "efcefcef1121cefcefc1212121" + "1555378976238"
    sha256 = "6ddcdc405743c576cb6d34b17b47ed56e2b9b6670fae1fe85ed01244fd31558b"
    assert signing.digest(text, "sha256", "hex") == sha256
    assert signing.digest(text, "sha256", "hex_upper") == sha256.upper()
    assert signing.digest(text, "md5", "hex") == "03df67d0112c9bd7474f0dbe3b666d66"
    assert signing.digest("", "sha256", "base64") == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    # printf %s 15330091205 | openssl dgst -sha1 -r      (the number of Baidu's documentation)
    assert signing.digest("15330091205", "sha1", "hex") == "236582932daa1d9900acd24b76d6cd8a74e5adc5"


@pytest.mark.parametrize(
    ("text", "encoding", "raw"),
    [
        ("0aFF", "hex", b"\x0a\xff"),
        ("Cv8=", "base64", b"\x0a\xff"),
        ("0aFF", "text", b"0aFF"),
        ("密", "text", b"\xe5\xaf\x86"),
    ],
)
def test_keys_are_read_as_they_were_handed_out(text: str, encoding: signing.KeyEncoding, raw: bytes) -> None:
    assert signing.decoded(text, encoding) == raw


@pytest.mark.parametrize(("text", "encoding"), [("0g", "hex"), ("0af", "hex"), ("C*8=", "base64"), ("Cv8", "base64")])
def test_a_key_in_another_spelling_is_refused_and_not_told(text: str, encoding: signing.KeyEncoding) -> None:
    with pytest.raises(ValueError, match=f"is not {encoding}") as caught:
        signing.decoded(text, encoding)
    assert text not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


# ------------------------------------------------------------------------------------------------------ bce-auth-v1

# The request of Baidu's own sample (cloud.baidu.com/doc/Reference/s/wjwvz1xt2). The page gives the parts; the sums are
# those of several public signers with that page in their tests, and of openssl:
#   P=bce-auth-v1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/2015-04-27T08:23:49Z/1800
#   K=$(printf %s $P | openssl dgst -sha256 -hmac bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb -r | cut -d' ' -f1)
#   printf 'PUT\n/v1/test/myfolder/readme.txt\n…\nhost:bj.bcebos.com\nx-bce-date:2015-04-27T08%%3A23%%3A49Z' |
#       openssl dgst -sha256 -hmac $K -r
PATH = "/v1/test/myfolder/readme.txt"
QUERY = "partNumber=9&uploadId=a44cc9bab11cbd156984767aad637851"
PREFIX = signing.bce_prefix("a" * 32, "2015-04-27T08:23:49Z", 1800)
HEADERS = {
    "Host": "bj.bcebos.com",
    "Content-Type": "text/plain",
    "Content-Length": "8",
    "Content-Md5": "NFzcPqhviddjRNnSOGo4rw==",
    "x-bce-date": "2015-04-27T08:23:49Z",
}


def test_bce_prefix() -> None:
    assert PREFIX == "bce-auth-v1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/2015-04-27T08:23:49Z/1800"
    derived = "1d5ce5f464064cbee060330d973218821825ac6952368a482a592e6615aef479"
    assert signing.mac(b"b" * 32, PREFIX, "sha256", "hex") == derived


@pytest.mark.parametrize(
    ("names", "signed", "signature"),
    [
        (
            HEADERS,
            "content-length;content-md5;content-type;host;x-bce-date",
            "d74a04362e6a848f5b39b15421cb449427f419c95a480fd6b8cf9fc783e2999e",
        ),
        (
            ("x-bce-date", "Host"),
            "host;x-bce-date",
            "1b8de5a23a56eef657c69f94c621e7acd227d049a4ba577f537d5e5cebf0cf32",
        ),
    ],
)
def test_bce_signature_of_the_documentation(names: tuple[str, ...], signed: str, signature: str) -> None:
    headers = {name: HEADERS[name] for name in names}
    assert signing.bce_signature("b" * 32, PREFIX, "PUT", PATH, QUERY, headers) == (signed, signature)


def test_bce_writes_everything_in_its_own_way() -> None:
    # printf 'GET\n/v1/a%%20b\nempty=&q=x%%2By%%2Fz\ncontent-type:text%%2Fplain\nhost:127.0.0.1%%3A8080' |
    #     openssl dgst -sha256 -hmac $(printf %s bce-auth-v1/ak/2026-03-02T01:00:00Z/1800 |
    #     openssl dgst -sha256 -hmac sk -r | cut -d' ' -f1) -r
    prefix = signing.bce_prefix("ak", "2026-03-02T01:00:00Z", 1800)
    wanted = "a1fb513f6a09303f6277c2cc076ea7a9368c603fb83c498856e619940a21f814"
    headers = {"HOST": " 127.0.0.1:8080 ", "Content-Type": "text/plain", "X-Empty": "  "}
    for query in ("q=x%2by/z&empty", "empty=&q=x%2By%2Fz", "&authorization=x&q=x%2By/z&empty="):
        assert signing.bce_signature("sk", prefix, "GET", "/v1/a%20b", query, headers) == (
            "content-type;host",
            wanted,
        )


# -------------------------------------------------------------------------------------------------------------- AES

KEY, IV = b"0123456789abcdef", b"fedcba9876543210"


@pytest.mark.parametrize(
    ("key", "text", "sealed"),
    [
        # printf %s 010-57696782 | openssl enc -aes-128-cbc -K 30313233343536373839616263646566 \
        #     -iv 66656463626139383736353433323130 -base64 -A       (the number of Baidu's documentation)
        (KEY, "010-57696782", "orW0SpyiG3XO2P0dtzh5HA=="),
        # the same with -aes-256-cbc and the key twice
        (KEY * 2, "010-57696782", "vR2m4JBoejaT/tJzMcjJfg=="),
        # the same of 0123456789abcdef, a whole block, with -aes-192-cbc and the key with the first half of the vector
        (KEY + IV[:8], "0123456789abcdef", "xYH2qeh202ZccDvm1jA29E2q+VZB7JNKFM5zgVJdGjc="),
    ],
)
def test_aes_cbc(key: bytes, text: str, sealed: str) -> None:
    assert signing.encoded(seal.aes_cbc(key, IV, text), "base64") == sealed


@pytest.mark.parametrize(("key", "iv"), [(KEY[:15], IV), (KEY, IV[:12]), (KEY, b""), (b"", IV)])
def test_aes_of_wrong_lengths_is_refused(key: bytes, iv: bytes) -> None:
    with pytest.raises(ValueError, match=r"[Ii]nvalid"):
        seal.aes_cbc(key, iv, "x")
