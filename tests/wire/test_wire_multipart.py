"""Multipart bodies: what a parser that is not ours reads in them, and that no name or content breaks out."""

import email.parser
import email.policy
import re
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd.wire import multipart
from numtrustd.wire.exchange import Request
from numtrustd.wire.spec import File, Multipart, RequestSpec
from numtrustd.wire.template import TemplateError, compile_request, problems

NUMBERS = "13800138000\r\n021-51288888\r\n4008101234\r\n"


def post(spec: Multipart, **changes: object) -> RequestSpec:
    return RequestSpec(url="https://a.example/batch", method="POST", multipart=spec, **changes)  # type: ignore[arg-type]


def parsed(request: Request) -> list[EmailMessage]:
    """The parts as the standard library's MIME parser sees them."""
    head = f"Content-Type: {dict(request.headers)['Content-Type']}\r\n\r\n".encode()
    whole = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + request.body)
    assert not whole.defects
    parts = list(whole.iter_parts())
    assert all(isinstance(part, EmailMessage) for part in parts)
    return parts  # type: ignore[return-value]


def content(part: EmailMessage) -> str:
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    return raw.decode()


def test_fields_and_a_file_of_numbers() -> None:
    """As a batch vendor wants it: `numbers` is what a batch fills in, one a line."""
    spec = post(Multipart({"account": "{secret:account}", "类型": "1"}, File("file", "{numbers}", "批次-{ref}.txt")))
    template = compile_request(spec, names={"numbers", "ref"}).bind({"secret:account": "me & you"})
    request = template.fill({"numbers": NUMBERS, "ref": "7"})
    account, kind, file = parsed(request)
    assert (account.get_param("name", header="content-disposition"), content(account)) == ("account", "me & you")
    assert content(kind) == "1"
    assert 'name="类型"'.encode() in request.body
    assert file.get_content_type() == "text/plain"
    assert content(file) == NUMBERS
    assert (
        'name="file"; filename="批次-7.txt"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'.encode() in request.body
    )
    assert request.body.endswith(b"--\r\n")


def test_the_boundary_comes_from_the_content() -> None:
    template = compile_request(post(Multipart({"n": "{national}", "m": "x"})))
    one, again, other = (template.fill({"national": n}) for n in ("95588", "95588", "95589"))
    assert (one.body, one.headers) == (again.body, again.headers)
    boundaries = [
        re.fullmatch(r"multipart/form-data; boundary=([\w-]{50})", dict(r.headers)["Content-Type"])
        for r in (one, other)
    ]
    assert all(boundaries)
    assert boundaries[0][1] != boundaries[1][1]  # type: ignore[index]
    assert one.body.count(boundaries[0][1].encode()) == 3  # type: ignore[index]
    # What is a field's and what its neighbour's makes a difference too.
    split = [
        compile_request(post(Multipart(fields))).fill({}) for fields in ({"a": "xy", "b": ""}, {"a": "x", "b": "y"})
    ]
    assert dict(split[0].headers)["Content-Type"] != dict(split[1].headers)["Content-Type"]


def test_names_cannot_break_out() -> None:
    evil = 'a"; filename="x\r\nX-Injected: 1\r\n\r\n'
    request = compile_request(post(Multipart({evil: "v"}))).fill({})
    assert b'name="a%22; filename=%22x%0D%0AX-Injected: 1%0D%0A%0D%0A"\r\n\r\nv\r\n' in request.body
    spec = post(Multipart({"f": "v"}, File(evil + "2", "{national}", "{letter}")))
    request = compile_request(spec).fill({"national": "1", "letter": evil})
    field, file = parsed(request)
    assert content(field) == "v"
    assert file["X-Injected"] is None
    assert file.get_filename() == "a%22; filename=%22x%0D%0AX-Injected: 1%0D%0A%0D%0A"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (post(Multipart()), "multipart: is empty"),
        (post(Multipart({"": "x"})), "multipart.fields: has 0 characters"),
        (post(Multipart({"n" * 201: "x"})), "multipart.fields: has 201 characters"),
        (post(Multipart({str(n): "x" for n in range(101)})), "multipart.fields: has 101 fields; give at most 100"),
        (post(Multipart({"f": "x"}, File("f", "x"))), "multipart.file.name: 'f' is a field too"),
        (post(Multipart({"f": "x"}, File("g", ""))), "multipart.file.content: is empty"),
        (post(Multipart({"f": "x"}, File("g", "x", ""))), "multipart.file.filename: has 0 characters"),
        (post(Multipart({"f": "x"}, File("g", "x", type="text"))), "multipart.file.type: 'text' is no media type"),
        (post(Multipart({"f": "x"}, File("g", "x", type="a/b\r\nX: 1"))), "is no media type"),
        (post(Multipart({"f": "{x"})), "multipart.fields.f: has a lone '{'"),
        (post(Multipart({"f": "{nope}"})), "unknown placeholder {nope}"),
        (post(Multipart({"f": "x"}), form={"a": "b"}), "form and multipart together; give one of them"),
        (post(Multipart({"f": "x"}), headers={"content-type": "x"}), "header Content-Type is set by multipart"),
        (
            RequestSpec(url="https://a.example/", multipart=Multipart({"f": "x"})),
            'a GET request has no body; write method = "POST"',
        ),
    ],
)
def test_problems(spec: RequestSpec, said: str) -> None:
    found = problems(spec)
    assert len(found) == 1, found
    assert said in found[0]


def test_too_much_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    template = compile_request(post(Multipart(file=File("f", "{letter}"))))
    monkeypatch.setattr(multipart, "MAX_CHARS", 30)
    assert template.fill({"letter": "x" * 19})  # and 11 of the file's name
    with pytest.raises(TemplateError, match=r"multipart: has 31 characters; at most 30 are sent at once"):
        template.fill({"letter": "x" * 20})


def test_lone_surrogate() -> None:
    template = compile_request(post(Multipart(file=File("f", "{letter}"))))
    for use in (template.bind, template.fill):
        with pytest.raises(TemplateError, match="lone surrogate"):
            use({"letter": "\ud800"})


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(deadline=None, max_examples=100)
@given(first=TEXT, second=TEXT, file=TEXT)
def test_contents_come_out_as_they_went_in(first: str, second: str, file: str) -> None:
    spec = post(Multipart({"a": "{letter}", "b": "<{purpose}>"}, File("c", "{ref}.")))
    request = compile_request(spec).fill({"letter": first, "purpose": second, "ref": file})
    boundary = dict(request.headers)["Content-Type"].partition("boundary=")[2].encode()
    parts = request.body.split(b"--" + boundary)
    assert parts[0] == b""
    assert parts[-1] == b"--\r\n"
    read = [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n").decode() for part in parts[1:-1]]
    assert read == [first, f"<{second}>", f"{file}."]
