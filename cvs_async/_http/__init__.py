"""HTTP: `transport` has the client's rules, `backend` the interface to HTTP libraries, and each library an adapter.

Only the adapters use aiohttp and httpx. They convert errors of the library to `CVSError`s.
"""
