"""Repeatable measurements against the performance targets. Scripts, never tests: nothing here fails a build.

`python -m benchmarks` runs them; `README.md` beside this file says what each measures and how to read it.
"""
