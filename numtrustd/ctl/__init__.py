"""`numtrustctl`: where people look at the daemon and tell it things, over its control sockets and nothing
else.

`cli` is the command line (`see`, `act` hold the verbs), `session` the way to the daemon, `render`,
`render_detail` and `render_world` turn answers into blocks, `document` says what a block is, and `plain` or `terminal`
writes them, in columns that `fit`. `timeline` draws a history. `top` is the live screen, of lines from `top_view` and
pages from `top_pages`, with its parts in `top_screens` and `top_widgets`. Text that came from a platform passes
`text.escape` on its way out, in `plain`, `terminal` and those that draw, and nowhere else.
"""
