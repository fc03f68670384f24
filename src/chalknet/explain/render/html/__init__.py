"""Worked solutions as pages, in MathML."""
