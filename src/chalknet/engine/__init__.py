"""How the steps of an epoch are executed; every engine computes the same mathematics."""
