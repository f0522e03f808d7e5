"""The figures: what Slipway takes for what people wait for, beside the same by hand, in one run on one machine."""
