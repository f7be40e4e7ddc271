"""Renders one set of contents in the looks that Council documents come in."""
