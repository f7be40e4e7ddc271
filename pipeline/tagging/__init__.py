"""Sentences → scores: the tagger protocol, the model families behind it, labels and evidence."""
