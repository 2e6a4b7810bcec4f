"""Whether the secrets fit where they go: an AES key has its length, a header holds no line break.

`secret_files` reads them one by one and knows nothing of their use; a mistake found here would otherwise be
found when the daemon makes its first request.
"""

from numtrustd.settings.checks import requests_in_use
from numtrustd.settings.lint import locate
from numtrustd.settings.overrides import Applied
from numtrustd.settings.packs import Packs
from numtrustd.settings.problem import Report, dotted
from numtrustd.settings.secret_files import Secrets
from numtrustd.wire import template


def check_secrets(packs: Packs, applied: Applied, secrets: Secrets, report: Report) -> None:
    """Write the secrets into every request that may be sent. What is missing has been reported by now."""
    values = {f"secret:{name}": secret for name, secret in secrets.items()}
    for user, platform, path, request in requests_in_use(packs, applied):
        variables = {f"var:{name}": value for name, value in applied.vars[platform].items()}
        try:
            compiled = template.compile_request(request).bind(variables)
        except template.TemplateError:
            continue  # said by `lint` or `check_use`
        try:
            compiled.bind(values)
        except template.TemplateError as error:
            pack = packs.by_id[platform]
            for line in error.problems:
                key, _, said = line.partition(": ") if template.placed(line) else ("", "", line)
                what, _, remedy = said.partition("; ")
                where = pack.where(*locate(pack.doc.data, path, key))
                name = ".".join(filter(None, (dotted(path), key)))
                report.add(where, name, f"{user}: {what}", remedy or "correct the secret in its credential")
