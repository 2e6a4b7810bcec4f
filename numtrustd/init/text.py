"""The two files that `init` writes, as text: the commented settings and the numbers. Pure."""

import csv
import io
import json
from collections.abc import Mapping, Sequence

from numtrustd.init.answers import Answers

_HEAD = """\
# numtrustd: settings of the daemon, begun by `numtrustd init`. What is not said here has a default: numtrustd.toml(5)
# tells them all, and so does the commented example config/numtrustd.toml.
#
#   numtrustd check             says everything that is wrong, as file:line: key: what: remedy
#   systemctl reload numtrustd  takes changes over; a bad file leaves the running configuration alone
#
# Relative paths start at the directory of this file.
"""

_NUMBERS = """
[numbers]
# CSV with the header number,name,group,accept,note,since of which only the first has to be there. `accept` are labels
# that are right for a number: fraud, nuisance, marketing, finance, agent, service, other. `since` is the day since
# which a number is yours (2019-05-01): a label that is there at the first look may be a previous owner's, unless the
# number has been yours for more than a year.
"""

_GROUPS = """
# What numbers share that have the same word under `group`:
"""

_OF_GROUP = """\
#accept = ["service"]             # a label of this kind is right for them, and nobody appeals it
#approval = "automatic"           # instead of [appeal]'s
"""

_IDENTITY = """
# The name that phones are to show. Keep the older ones, each with its `since`, so that "still the old name" is told
# from "some other name".
"""

_PLATFORMS = """
# Where it looks. Every source is off until you have made sure that you may use it; `numtrustd sources` lists them.
[platforms]
"""

_COMPANY = """
# In whose name letters are written; `numtrustctl task show` has them ready.
[company]
"""

_CONTACTS = """\
#contact_email = ""
#licence_number = ""
"""

_EVIDENCE = """
# Papers that platforms ask for; `numtrustctl evidence add` puts one on file as well.
#[[evidence]]
#kind = "licence"
#path = "papers/licence.pdf"
#expires = 2028-12-31
"""


def quoted(text: str) -> str:
    """A TOML string of one line that means exactly this."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def settings(answers: Answers, numbers: str, lacking: Mapping[str, Sequence[str]]) -> str:
    """numtrustd.toml. `numbers` is the path of the numbers, `lacking` are the sources that are wanted and cannot be
    switched on yet, with what each lacks in lines of their own.
    """
    return "".join(
        (
            _HEAD,
            "\n[daemon]\n",
            _key("state_dir", answers.state_dir, "where the database lies; `numtrustd create-state` makes it, once"),
            _NUMBERS,
            f"files = [{quoted(numbers)}]\n",
            _GROUPS,
            _groups(answers.groups),
            _IDENTITY,
            "[[identity]]\n" if answers.display_name else "#[[identity]]\n",
            _key("name", answers.display_name),
            _PLATFORMS,
            _enable([source for source in answers.enable if source not in lacking]),
            *(_lacks(source, lines) for source, lines in lacking.items()),
            "\n[appeal]\n",
            _said("approval", answers.approval, _APPROVAL[answers.approval]),
            _COMPANY,
            _key("name", answers.company),
            _key("contact_name", answers.contact_name),
            _key("contact_phone", answers.contact_phone),
            _CONTACTS,
            _EVIDENCE,
            "\n[control]\n",
            _key("status_socket", _within(answers.socket_dir, "status.sock"), "to look; empty: in /run/numtrustd"),
            _key("control_socket", _within(answers.socket_dir, "control.sock"), "to look and act"),
            '#group = "numtrustd-ctl"  # who may act\n'
            if answers.group is None
            else _said("group", answers.group, "who may act; empty: the user and the group of the daemon alone"),
        )
    )


_APPROVAL = {
    "ask": 'every submission waits for `numtrustctl approve`; "automatic" does not ask',
    "automatic": 'appeals are handed in as they come; "ask" waits for `numtrustctl approve`',
}


def _said(key: str, value: str, what: str = "") -> str:
    return f"{key} = {quoted(value)}" + (f"  # {what}" if what else "") + "\n"


def _key(key: str, value: str, what: str = "") -> str:
    """A key, or its default as a comment where nothing was said."""
    return ("" if value else "#") + _said(key, value, what)


def _within(directory: str, name: str) -> str:
    return f"{directory.rstrip('/')}/{name}" if directory else ""


def _groups(names: Sequence[str]) -> str:
    """The groups that the numbers are in, or one as an example."""
    if not names:
        return f'#[[group]]\n#name = "service"\n{_OF_GROUP}'
    return "\n".join(f"[[group]]\nname = {quoted(name)}\n{_OF_GROUP}" for name in names)


def _enable(sources: Sequence[str]) -> str:
    if not sources:
        return "enable = []\n"
    return "enable = [\n" + "".join(f"  {quoted(source)},\n" for source in sources) + "]\n"


def _lacks(source: str, lines: Sequence[str]) -> str:
    return f"# {quoted(source)} is wanted, too. Put it into `enable` when it has what it lacks:\n" + "".join(
        f"#   {line}\n" for line in lines
    )


def numbers(spelt: Sequence[str]) -> str:
    """numbers.csv, as people spelt them, on one line each."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("number", "name", "group", "accept", "note", "since"))
    out.write("# One number a row. The other columns may be left empty; numtrustd.toml says what they mean.\n")
    rows.writerows((" ".join(number.split()), "", "", "", "", "") for number in spelt)
    return out.getvalue()
