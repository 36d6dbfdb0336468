"""One file per kind of channel; each has ``check(address)`` and ``send(message)``."""
