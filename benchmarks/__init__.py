"""Seconds of chalknet and its peers on the same work, measured in one run. See README.md."""
