"""Simulated platforms that speak real wire shapes, with a ground truth that tests can ask.

The daemon never imports this; the demo, drills and tests do.
"""
