"""numtrustd: watches how a company's own phone numbers are shown to the people it calls."""

__version__ = "0.1.0"
