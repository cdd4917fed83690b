"""A private PostgreSQL cluster for replicas of the service: on a Unix socket, in a directory that goes with it."""

import glob
import os
import pathlib
import shutil
import subprocess
import tempfile


def programs():
    """The folder of the newest installed server; None where there is none."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    if found:
        return pathlib.Path(found[-1]).parent
    found = shutil.which("initdb")
    return pathlib.Path(found).parent if found else None


class Cluster:
    """Use as a context manager."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ts-pg-"))
        # PostgreSQL does not run as root.
        self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.directory, "postgres", "postgres")

    def _run(self, program, *arguments, check=True):
        done = subprocess.run(
            [*self.user, str(programs() / program), *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd="/", env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        assert not check or done.returncode == 0, (program, done.returncode, self.log())
        return done.returncode

    @property
    def data(self):
        return str(self.directory / "data")

    def log(self):
        path = self.directory / "data" / "server.log"
        return path.read_text()[-2000:] if path.exists() else ""

    def start(self):
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.directory}'"
        self._run("pg_ctl", "-D", self.data, "-w", "-l", self.data + "/server.log", "-o", options, "start")

    def crash(self):
        """Ends the server as a power cut would."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def __enter__(self):
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.start()
        return self

    def __exit__(self, *_):
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop", check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def address(self):
        return f"postgresql:///postgres?host={self.directory}&user=postgres"
