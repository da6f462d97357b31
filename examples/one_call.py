"""Reads the identity papers in one picture or PDF, and prints what they are.

    python examples/one_call.py scan.jpg

with CVS_API_KEY and CVS_API_SECRET in the environment, and CVS_BASE_URL for a sandbox.
"""

import asyncio
import sys

from cvs_async import AsyncCVS, CVSError, NoContentError, OutOfRequestsError


async def main(path: str) -> None:
    async with AsyncCVS() as cvs:
        reply = await cvs.ocr.card(path)
    for paper in reply.data:
        number, name = paper.info.id, paper.info.name
        print(f"{paper.type}: {number.value or '?'}, {name.value or '?'}, confidence {number.confidence or '?'}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        asyncio.run(main(sys.argv[1]))
    except NoContentError:
        sys.exit(f"{sys.argv[1]} shows no identity paper.")
    except OutOfRequestsError:
        sys.exit("The account is out of requests; nothing was charged.")
    except CVSError as error:
        sys.exit(f"{error} (charge: {error.charge})")
