"""The API of what trades mean; ``trading.api`` has what all endpoints share."""
