"""The textbook: one operation a file, forward and backward side by side."""
