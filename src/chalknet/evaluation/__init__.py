"""How good a model is: metrics, confusions and galleries."""
