"""Loaded into every Python process of a client (PYTHONPATH): nothing may leave this machine.

What is attempted all the same is refused, and written to the file that LOOPBACK_GUARD names.
"""

import ipaddress
import os
import sys


def is_here(host):
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        return False


def guard(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not is_here(host):
        if "LOOPBACK_GUARD" in os.environ:
            with open(os.environ["LOOPBACK_GUARD"], "a") as attempts:
                attempts.write(f"{sys.argv[0]} -> {host}\n")
        raise OSError(f"only loopback is allowed here, not {host}")


sys.addaudithook(guard)
