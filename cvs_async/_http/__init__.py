"""HTTP: `transport` has the rules of the client, `backend` the seam below it, and each HTTP library its own adapter.

Nothing outside of the adapters knows aiohttp or httpx; each of them turns its library's errors into `CVSError`s, once.
"""
