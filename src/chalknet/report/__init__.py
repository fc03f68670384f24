"""One page about one run: plots and a self-contained HTML file."""
