"""The shell of every HTML page: one offline file, no script, light, dark and print."""
