"""Wiring only: each workflow introduces the rooms to each other for one command."""
