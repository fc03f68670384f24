"""Derivations as sequences of steps, each verified symbolically and at random points."""
