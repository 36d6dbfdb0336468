"""The Python client of selflearn's bot API."""

from .client import Client
from .errors import BadValue, ClientError, Denied, DirectoryInUse, NotFound, Unavailable
from .parameters import Parameters
from .recovery import Brick, Candle, Kept, Position, Recovered

__all__ = [
    "BadValue",
    "Brick",
    "Candle",
    "Client",
    "ClientError",
    "Denied",
    "DirectoryInUse",
    "Kept",
    "NotFound",
    "Parameters",
    "Position",
    "Recovered",
    "Unavailable",
]
