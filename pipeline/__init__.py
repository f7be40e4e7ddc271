"""Reads Council of the EU conclusions, cuts them into sentences and labels every sentence.

Rooms, in the order of the work: ingestion, segmentation, tagging, training, evaluation, comparison,
storage; workflows introduce them to each other and cli.py is the door.
"""

__version__ = "0.1.0"
