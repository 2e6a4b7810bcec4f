"""`numtrustd init`: the first settings of a new user, from a few answers.

`answers` is what was said, and what is wrong with it; `text` makes the files of it, both pure. `files` makes sure that
they pass `check` before it writes them; `sources` tells what there is to choose from; `ask` puts the questions on a
terminal.
"""

from numtrustd.init.answers import Answers
from numtrustd.init.ask import ask
from numtrustd.init.files import NUMBERS, InitError, Made, known_sources, numbers_there, write
from numtrustd.init.sources import rows

__all__ = ["NUMBERS", "Answers", "InitError", "Made", "ask", "known_sources", "numbers_there", "rows", "write"]
