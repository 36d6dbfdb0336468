"""What the ORM does not do fast enough: bulk inserts and upserts, keyset pages, locks, COPY.

Each says what the ORM costs there.
"""
