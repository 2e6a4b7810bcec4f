"""How to act: what a pack says of submitting, asking and looking up an appeal, and the packet for a person."""
