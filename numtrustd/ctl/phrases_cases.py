"""What is said of a case and of a number's calls, and why looks and submissions wait: a part of `phrases` beside this
module, which tells what stands between the braces.
"""

PHRASES = (
    "nothing of it",
    "part of {id}: {word}",
    "{n} answered calls, {text} to {text2}, {said}",
    "{n} to {n2} answered calls, {said}",
    "{n} to {n2} answered calls, {text} to {text2}, {said}",
    "paused since {id}: {saids}",
    "paused from {id} to {id2}: {saids}",
    "connect rate, {said}",
    "{n} during",
    "{n} after",
    "{n} after yet",
    "no statistics before",
    "no statistics during",
    "no statistics after",
    "no statistics after yet",
    "no calls before",
    "no calls during",
    "no calls after",
    "no calls after yet",
    "{number} (certified there)",
    "{number} (certified elsewhere)",
    "{number} (clean there)",
    "it can wait, and today is {said}",
    "nothing is submitted during {said}",
    "{id} is down for {span} ({text})",
    "{source} is {word} ({text})",
    "{source} is {word} for {span} ({text})",
    "alarms about this number are silenced ({id})",
)
