"""Why the daemon does not take a number, a report or a paper: a part of `phrases` beside this module, which tells what
stands between the braces.
"""

PHRASES = (
    # Numbers.
    "no number: write one, such as {ids}",
    "{text} is scientific notation: a spreadsheet took the number for a quantity and lost digits: format the "
    "column as text and enter the number again",
    "{text} is a decimal fraction: a program took the number for a quantity: export the column as text, without "
    "a decimal point",
    "{text} has {text2} in it: write digits, such as {ids}",
    "{text} has no digits: write digits, such as {ids}",
    "{text} may be the landline {id} without its zero or a number of {id2}: write {id3} or {id4} if it is the landline",
    "{text} has no area code: write it with its area code, such as 021-51288888",
    "{text} has {n} digits; a mobile number has 11: compare it with the contract",
    "{text} is not a number in China: write it as it is dialled, such as {ids}",
    "{text} is not a number of any country: write it like {ids}",
    "{text} is not a number of the country code {id}: write country code and national number, such as +14155552671",
    # Reports of what was seen.
    '"{text}" may not report there; {ids} may',
    "lies in the future: say when it was seen, with the offset of your clock (…T18:00:00+08:00)",
    "is longer ago than the {n} days that a report may be old: look again, and report that",
    "is no digest: write sha256: and the 64 hex digits that `sha256sum` prints",
    'is missing: name the handset\'s model, like "HUAWEI Mate 60"',
    'is missing: name the handset\'s system, like "HarmonyOS 4.2"',
    "is missing: an iPhone shows labels of apps; name the one whose label this is",
    "is missing: one of {ids}",
    '"{text}" is none of {ids}',
    '"{text}" is none of {ids}: did you mean {id}?',
    "is for what could not be seen: leave it out",
    "was seen although nothing could be: say marked, clean or certified",
    "are shown although the number is said to be clean: say marked",
    "are counted although the number is said to be clean: say marked",
    "is missing: name what it shows, as a certified number does",
    "are of a label: say marked where one is shown, else leave them out",
    "are missing: write the label as it is shown",
    # Papers.
    "{word} {path} stands in the settings: remove its entry there, then `numtrustctl reload`",
    "{word} {path} stands in the settings: change its entry there, then `numtrustctl reload`",
    "no {word} {path} is on file: `numtrustctl evidence list` shows those that are",
    "{path} cannot be read: {text}: put it where the daemon may read it",
    # Statistics of calls, and others.
    "{id}: {text} is no date: write 2026-11-23",
    "{id}: {id2} is still to come: tell it when it is over",
    "{id}: {id2} is longer ago than statistics are kept ({n} days): leave it out",
    "{id}: {text} is no number of calls in a day: give 0 to {n}",
    "{id}: {n} is more than the {n2} calls: correct one of them",
    "{id}: {n} is more than the {n2} that were answered: correct one of them",
    "{id}: {id2} of {number} stands there twice",
    "{id} has not begun yet: name one that has",
    "{number}: mailbox is full",
    "mailbox is full",
    "no source in use sees any platform for this number ({word}): switch one on, `numtrustd sources` lists all",
)
