"""The API of bots and tools, /api/v1/."""
