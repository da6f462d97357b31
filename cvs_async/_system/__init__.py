"""Access to this machine: files, threads, event loops, standard output, the log."""
