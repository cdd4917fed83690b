"""Ports for servers that have to be told theirs before they start."""
import random
import socket


def free_port(host="127.0.0.1"):
    """One that is free, and that the system gives to nobody by itself: those of outgoing connections, and of servers that ask
    for any, begin at 32768 and would be taken before the server has started."""
    for _ in range(1000):
        port = random.randrange(20_000, 32_000)
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port from 20000 to 32000")
