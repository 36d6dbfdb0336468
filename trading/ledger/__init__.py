"""Pure arithmetic of trades: mergeable sums, and the metrics made from them. numpy only."""
