"""Candle series with their gaps, Renko bricks, signal funnel, daily aggregates."""
