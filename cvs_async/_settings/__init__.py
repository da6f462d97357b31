"""Parts of a client's settings: credentials, addresses, timeouts, each checked where it is made."""
