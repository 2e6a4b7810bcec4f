"""Who acts: one actor a number, one a source, the outbox, the timers, and the supervisor over all of them."""
