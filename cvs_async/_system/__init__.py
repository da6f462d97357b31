"""This machine: files, threads, event loops, standard output, the log. Knows nothing of calls."""
