"""What the daemon knows and decides: pure functions of (state, event, now), no I/O, no clock."""
