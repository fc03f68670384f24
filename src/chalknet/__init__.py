"""Multilayer perceptrons that show their work, at the speed of the hardware."""
