"""Who may talk to us: tokens of bots, the strategies a bot may name, and the simulated clock of a test
bot. The API, the importers and the parameter service call it.
"""
