"""Candles as columns: ``candles`` stores and loads them, ``series`` lists what is stored."""
