"""Labelled documents held side by side: shares, intervals, reuse, language versions, a report."""
