"""Published experiments, reproduced side by side with their printed figures."""
