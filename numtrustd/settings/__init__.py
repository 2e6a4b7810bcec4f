"""Configuration: read strictly, everything that is wrong said at once, and frozen once it is right."""

from numtrustd.settings.load import Loaded, load
from numtrustd.settings.problem import Problem, render
from numtrustd.settings.schema import Settings

__all__ = ["Loaded", "Problem", "Settings", "load", "render"]
