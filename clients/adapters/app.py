"""An app of Starlette's kind with Judoscale's adapter for Python in it, unmodified, which is asked a hundred requests a second."""

import asyncio
import time

from judoscale.asgi.middleware import StarletteRequestQueueTimeMiddleware


async def served(scope, receive, send):
    await asyncio.sleep(0.005)


async def main():
    app = StarletteRequestQueueTimeMiddleware(served, extra_config={"LOG_LEVEL": "WARN"})
    while True:
        # Heroku's router tells when a request came, in milliseconds: each waited for 40 ms.
        started = str(int(time.time() * 1000) - 40).encode()
        await app({"type": "http", "headers": [(b"x-request-start", started)]}, None, None)
        await asyncio.sleep(0.005)


asyncio.run(main())
