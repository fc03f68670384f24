"""Worked solutions: explanations are data, renderers never compute, every line is verified."""
