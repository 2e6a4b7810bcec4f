"""The control protocol (Varlink, UAPI.20) with nothing of ours in it.

`protocol` frames and decodes without I/O, `interface` says what a method is, `idl` writes the description
that clients introspect, `server` and `listeners` answer on unix sockets under trio, `client` asks from an
ordinary blocking program. What numtrustd offers over it is `numtrustd.api`. Nothing is imported here, so that
the client need not load trio."""
