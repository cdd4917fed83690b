"""A network of its own for one process, beside this machine's: a namespace, with a link to a data base that can be cut.

It takes root and the command `ip`; where either is missing, or the kernel knows no namespaces, tests are skipped.
"""

import os
import shutil
import subprocess

import pytest

# RFC 2544: for tests between networks, and nobody's address otherwise.
BLOCK = "198.18.{}.{}"


def ip(*words, check=True):
    done = subprocess.run(["ip", *map(str, words)], capture_output=True, text=True, timeout=10)
    assert not check or done.returncode == 0, (words, done.stderr)
    return done


class Network:
    """Use as a context manager; whatever happens, what it made is gone afterwards.

    Two links lead into it: over one clients ask the process, over the other the process asks the data base. That one
    is cut in two ways: as a cable is pulled, which its end notices, or so that packets vanish and nobody is told.
    """

    def __init__(self):
        self.name = f"ts{os.getpid()}"
        third = os.getpid() % 250
        self.database, self.inside = BLOCK.format(third, 1), BLOCK.format(third, 2)
        self.client, self.address = BLOCK.format(third, 5), BLOCK.format(third, 6)
        self.network = BLOCK.format(third, 0) + "/30"
        self.within = ["ip", "netns", "exec", self.name]

    def __enter__(self):
        if os.geteuid() != 0:
            pytest.skip("only root makes network namespaces")
        if shutil.which("ip") is None:
            pytest.skip("the command ip is not installed (iproute2)")
        try:
            self._make()
        except AssertionError as error:
            self.__exit__()
            pytest.skip(f"no network namespaces here: {error}")
        return self

    def _make(self):
        ip("netns", "add", self.name)
        self._inside("link", "set", "lo", "up")
        for link, outer, inner in (("d", self.database, self.inside), ("c", self.client, self.address)):
            here, there = f"{self.name}{link}0", f"{self.name}{link}1"
            ip("link", "add", here, "type", "veth", "peer", "name", there)
            ip("link", "set", there, "netns", self.name)
            ip("addr", "add", f"{outer}/30", "dev", here)
            ip("link", "set", here, "up")
            self._inside("addr", "add", f"{inner}/30", "dev", there)
            self._inside("link", "set", there, "up")

    def _inside(self, *words, check=True):
        return ip("-n", self.name, *words, check=check)

    def __exit__(self, *_):
        # A link goes with either of its ends.
        for link in "dc":
            ip("link", "del", f"{self.name}{link}0", check=False)
        ip("netns", "del", self.name, check=False)

    def cut(self, way):
        device = f"{self.name}d1"
        if way == "the link goes down":
            self._inside("link", "set", device, "down")
            return
        # Packets go to somebody who is not there: sent, and never answered. In both directions.
        nobody = ["lladdr", "02:00:00:00:00:01", "nud", "permanent"]
        self._inside("neigh", "replace", self.database, *nobody, "dev", device)
        ip("neigh", "replace", self.inside, *nobody, "dev", f"{self.name}d0")

    def heal(self, way):
        device = f"{self.name}d1"
        if way == "the link goes down":
            self._inside("link", "set", device, "up")
            return
        self._inside("neigh", "del", self.database, "dev", device)
        ip("neigh", "del", self.inside, "dev", f"{self.name}d0")
