"""What the ORM does not do fast enough: bulk upserts, keyset pages, locks, columns for COPY.

Each says what the ORM costs there.
"""
