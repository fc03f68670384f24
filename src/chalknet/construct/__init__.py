"""Networks made by reasoning instead of training."""
