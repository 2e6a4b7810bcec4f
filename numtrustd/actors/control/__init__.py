"""The control sockets from the inside: what is told of the actors' state, and how orders reach them.

`desk` takes the calls. `answers` tells (views make the rows, `explain` the sentences); the other desks turn what is
asked for into messages. Everything here reads the actors, and no actor knows that this is here.
"""
