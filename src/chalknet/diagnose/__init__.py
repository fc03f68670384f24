"""What theory and measurement say about a network: gradients, signals, health."""
