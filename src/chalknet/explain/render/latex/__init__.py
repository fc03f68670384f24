"""Worked solutions in LaTeX."""
