"""Predictions against gold: metrics, and the floors that they must keep."""
