"""How to look: what a pack says of its sources (`spec`), and what an answer says of a number (`extract`, pure)."""
