"""`python -m numtrustd`."""

from numtrustd.cli import main

main()
