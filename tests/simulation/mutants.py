"""Bugs planted into the daemon, one at a time: each has to be caught, or the invariants do not see what they should.

Each is a small patch of production code, as easily made by mistake. `first_seeds.toml` beside this says which seeds
caught each one when it was last looked for; a test runs those, and some more should the plans have changed since.
"""



