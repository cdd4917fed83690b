"""A private PostgreSQL cluster for replicas of the service: on a Unix socket, in a directory that goes with it."""

import contextlib
import glob
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading

import harness
from ports import free_port


def programs():
    """The folder of the newest installed server; None where there is none."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    if found:
        return pathlib.Path(found[-1]).parent
    found = shutil.which("initdb")
    return pathlib.Path(found).parent if found else None


def available():
    """True where the executable and this machine have PostgreSQL."""
    said = harness.run_cli("serve", "--data-dir", "/nowhere", "--store", "postgres://?host=/nowhere").err
    return "has no PostgreSQL" not in said and programs() is not None


class Cluster:
    """Use as a context manager."""

    settings = {}

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ts-pg-"))
        # PostgreSQL does not run as root.
        self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.directory, "postgres", "postgres")

    def _run(self, program, *arguments, check=True):
        done = subprocess.run(
            [*self.user, str(programs() / program), *map(str, arguments)],
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
        settings = {"listen_addresses": "", "unix_socket_directories": self.directory, **self.settings}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._run("pg_ctl", "-D", self.data, "-w", "-l", self.data + "/server.log", "-o", options, "start")

    def crash(self):
        """Ends the server as a power cut would."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def kill(self):
        """Ends the server's first process with SIGKILL, and returns when the others have followed it."""
        number = int((self.directory / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(number, signal.SIGKILL)
        harness.wait_until("the end of the server", lambda: self._run("pg_isready", "-h", self.directory, check=False) != 0)

    def sql(self, text):
        """What psql prints for these statements, as the administrator runs them."""
        port = str(self.settings.get("port", 5432))
        done = subprocess.run(
            [str(programs() / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.directory, "-p", port, "-U", "postgres"],
            input=text.encode(), capture_output=True, timeout=30, env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def make(self):
        """Makes the files that the server runs on."""
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")

    def __enter__(self):
        self.make()
        self.start()
        return self

    def __exit__(self, *_):
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop", check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def address(self):
        return f"postgresql:///postgres?host={self.directory}&user=postgres"


class Standby(Cluster):
    """A synchronous standby of a running cluster, which waits for it from here on."""

    def __init__(self, primary):
        super().__init__()
        self.primary = primary
        self.settings = {"cluster_name": "second"}

    def make(self):
        self._run("pg_basebackup", "-D", self.data, "-h", self.primary.directory, "-U", "postgres", "-R", "-c", "fast")

    def __enter__(self):
        super().__enter__()
        self.primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'second'; SELECT pg_reload_conf()")
        harness.wait_until(
            "a synchronous standby",
            lambda: self.primary.sql("SELECT sync_state FROM pg_stat_replication") == "sync",
            20.0,
        )
        return self

    def promote(self):
        self._run("pg_ctl", "-D", self.data, "-w", "promote")


class OpenCluster(Cluster):
    """Over TCP too, at an address of this machine's, for whoever is in its network."""

    def __init__(self, host, network):
        super().__init__()
        self.host, self.network = host, network
        self.settings = {"listen_addresses": host, "port": free_port(host)}

    def make(self):
        super().make()
        with (self.directory / "data" / "pg_hba.conf").open("a") as hba:
            hba.write(f"host all all {self.network} trust\n")

    @property
    def address(self):
        return f"postgresql://postgres@/postgres?host={self.directory}&port={self.settings['port']}"

    @property
    def tcp_address(self):
        return f"postgresql://postgres@{self.host}:{self.settings['port']}/postgres"


@contextlib.contextmanager
def replicas(directory, env):
    """A deployment and three services of it; at the end they are stopped, and the audit trail must be whole."""
    deployment = harness.Deployment(harness.fresh_directory(directory), env=env)
    running = [harness.Service(deployment, env=env).start() for _ in range(3)]
    try:
        yield deployment, running
    finally:
        for service in running:
            service.stop()
    done = harness.run_cli("audit", "verify", "--data-dir", deployment.data_dir, env=env)
    assert done.returncode == 0, (done.out, done.err)


class SecureCluster(Cluster):
    """Over TCP: TLS with a certificate of its own authority's, and a role with a password."""

    password = "correct-horse-battery-staple"

    def __init__(self):
        super().__init__()
        self.settings = {
            "listen_addresses": "127.0.0.1", "port": free_port(), "ssl": "on",
            "ssl_cert_file": self.directory / "server.pem", "ssl_key_file": self.directory / "server.key",
        }  # fmt: skip

    @property
    def port(self):
        return self.settings["port"]

    @property
    def authority(self):
        return self.directory / "ca.pem"

    def make(self):
        super().make()
        make_authority(self.directory / "ca")
        ending = self.directory / "server.cnf"
        ending.write_text("subjectAltName=DNS:localhost\n")
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        openssl("req", *new_key, "-keyout", self.directory / "server.key", "-out", self.directory / "server.csr", "-subj", "/CN=db")
        openssl(
            "x509", "-req", "-days", "2", "-in", self.directory / "server.csr", "-CA", self.authority,
            "-CAkey", self.directory / "ca.key", "-CAcreateserial", "-extfile", ending, "-out", self.directory / "server.pem",
        )  # fmt: skip
        (self.directory / "server.key").chmod(0o600)
        if self.user:
            shutil.chown(self.directory / "server.key", "postgres", "postgres")
        hba = self.directory / "data" / "pg_hba.conf"
        hba.write_text("local all postgres trust\nhostssl all tokens 127.0.0.1/32 scram-sha-256\n")

    def __enter__(self):
        super().__enter__()
        self.sql(f"CREATE ROLE tokens LOGIN PASSWORD '{self.password}'; CREATE DATABASE tokens OWNER tokens")
        return self


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=30)


def make_authority(stem):
    """An authority's certificate and key: STEM.pem and STEM.key."""
    openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-keyout", f"{stem}.key", "-out", f"{stem}.pem", "-subj", "/CN=authority of a test",
        "-addext", "basicConstraints=critical,CA:TRUE",
    )  # fmt: skip


class Bouncer:
    """PgBouncer before a cluster, on a Unix socket of its own. Use as a context manager."""

    port = 6432

    def __init__(self, cluster, mode, sessions=40):
        self.cluster, self.mode, self.sessions = cluster, mode, sessions
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="ts-pool-"))
        self.process = None

    @staticmethod
    def program():
        return shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")

    @property
    def address(self):
        return f"postgresql://postgres@/postgres?host={self.directory}&port={self.port}"

    def start(self):
        (self.directory / "users").write_text('"postgres" ""\n')
        (self.directory / "pgbouncer.ini").write_text(
            f"[databases]\npostgres = host={self.cluster.directory} dbname=postgres\n"
            f"[pgbouncer]\npool_mode = {self.mode}\nlisten_port = {self.port}\nunix_socket_dir = {self.directory}\n"
            f"auth_type = trust\nauth_file = {self.directory}/users\n"
            f"default_pool_size = {self.sessions}\nmax_client_conn = 200\n"
        )
        if self.cluster.user:
            for path in (self.directory, *self.directory.iterdir()):
                shutil.chown(path, "postgres", "postgres")
        self.process = subprocess.Popen(
            [*self.cluster.user, self.program(), str(self.directory / "pgbouncer.ini")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/",
            env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True).start()
        harness.wait_until("the pooler", self._answers)

    def _read(self, stream):
        # Read to its end, so that the pooler never waits for whoever reads its log.
        self.log = stream.read().decode("utf-8", "replace")

    def _answers(self):
        assert self.process.poll() is None, "the pooler ended"
        done = subprocess.run(
            [str(programs() / "psql"), "-XAtqc", "SELECT 1", self.address], capture_output=True, timeout=10,
            env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        return done.stdout == b"1\n"

    def stop(self, how=signal.SIGTERM):
        """SIGTERM ends it and all that goes through it at once."""
        self.process.send_signal(how)
        self.process.wait(timeout=10)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.stop(signal.SIGKILL)
        shutil.rmtree(self.directory, ignore_errors=True)
