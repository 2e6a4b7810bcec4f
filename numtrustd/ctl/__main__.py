"""`python -m numtrustd.ctl`."""

import sys

from numtrustd.ctl.cli import main

sys.exit(main())
