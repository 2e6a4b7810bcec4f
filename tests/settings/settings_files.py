"""The texts that these tests load: the least that is right, and the pack of a made-up platform."""

PACK = """\
[platform]
id = "acme"
name = "Acme"
class = "security_vendor"
official_hosts = ["acme.example"]
importance = 0.7
feeds = [{ platform = "acme", lag = ["1d", "3d"] }]

[platform.words]
"推销" = "marketing"

[vars]
host = "api.acme.example"
key_name = ""

[appeal]
cooldown = "1d"
review_days = 5
[[appeal.attempt]]
evidence = ["licence"]
[[appeal.attempt]]
evidence = ["licence", "recordings"]

[appeal.manual]
address = "https://www.acme.example/appeal"
fields = { number = "{national}" }

[[source]]
id = "acme.query"
title = "Acme query"
kinds = ["mobile", "landline"]
interval = "2s"
limits = { max_bytes = "64 KiB" }
echo = [{ view = "json", path = "number" }]

[source.request]
url = "https://{var:host}/v1/{national}"
headers = { Authorization = "Bearer {secret:acme-key}" }

[source.views]
json = { steps = [{ do = "json" }] }

[[source.reading]]
platform = "acme"

[[source.rule]]
name = "clean"
when = [{ view = "json", path = "state", equals = "clean" }]
then = { say = "clean" }
"""

Files = dict[str, str]
"""Name → text; a byte that is no UTF-8 is written as a surrogate escape."""

MAIN = "[platforms]\nshipped = false\n"
CSV = "number,name\n13800138000,one\n"
