"""Runs our own Asterisk as a child: started, watched, started again when it dies, ended with us."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import secrets
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

import aiohttp
import structlog

from contact_centre.asterisk_installation import Installation
from contact_centre.secrets_file import ACCOUNT, load_secrets
from contact_centre.settings import Settings
from voice_core.errors import UnavailableError, UnwritableError

BOOT_TIMEOUT_S = 30.0
COMMAND_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 10.0
POLL_S = 0.05  # between looks at whether Asterisk already listens
RESTART_DELAYS_S = (0.0, 1.0, 2.0, 5.0, 10.0)
ASK_EVERY_S = 2.0
ANSWER_TIMEOUT_S = 5.0
HUNG_AFTER_S = 12.0
"""So long without an answer, and it is killed: it serves nobody, and its callers hear nothing."""

STEADY_AFTER_S = 60.0  # having lived so long, the next restart is again without delay
_PR_SET_PDEATHSIG = 1

log = structlog.get_logger(__name__)


class AsteriskProcess:
    """One Asterisk for one home. Its files must have been rendered by `provision` before `start`."""

    def __init__(self, settings: Settings, installation: Installation) -> None:
        self._settings = settings
        self._installation = installation
        self._home = settings.asterisk_home
        self._process: asyncio.subprocess.Process | None = None
        self._booted: asyncio.subprocess.Process | None = None  # the last one that did
        self._lock: IO[str] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start and wait until fully booted. Raises UnavailableError; nothing is left running then."""
        self._take_lock()
        try:
            await self._end_left_over()
            self._check_ports()
            await self._launch()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End it, and only it."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                log.warning("asterisk_killed", pid=process.pid)
                process.kill()
                await process.wait()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def supervise(self) -> None:
        """Start it again whenever it dies, until cancelled."""
        loop, attempt = asyncio.get_running_loop(), 0
        while True:
            started = loop.time()
            if self._process is not None:
                code = await self._process.wait()
                log.error("asterisk_died", exit_code=code, lived_s=round(loop.time() - started, 1))
            attempt = 0 if loop.time() - started > STEADY_AFTER_S else attempt
            await asyncio.sleep(RESTART_DELAYS_S[min(attempt, len(RESTART_DELAYS_S) - 1)])
            attempt += 1
            try:
                await self._launch()
                log.info("asterisk_started_again", pid=self.pid)
            except UnavailableError as error:
                log.error("asterisk_not_started", reason=str(error))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[AsteriskProcess]:
        """Started, watched and, on leaving, ended."""
        await self.start()
        try:
            async with asyncio.TaskGroup() as group:
                watches = [group.create_task(self.supervise()), group.create_task(self._end_when_hung())]
                try:
                    yield self
                finally:
                    for watch in watches:
                        watch.cancel()
        finally:
            await self.stop()

    async def _end_when_hung(self) -> None:
        """One that lives but answers nobody (a deadlock, a lost disk) is killed; `supervise` starts it again.

        It is asked for its channels: what deadlocks in Asterisk mostly does so around the list of them.
        One that still boots is not hung; it has BOOT_TIMEOUT_S for that.
        """
        loop = asyncio.get_running_loop()
        credentials = aiohttp.BasicAuth(ACCOUNT, load_secrets(self._settings.home).ari_password)
        async with aiohttp.ClientSession(auth=credentials) as http:
            heard = (self._booted, loop.time())
            while True:
                await asyncio.sleep(ASK_EVERY_S)
                process = self._booted
                if process is not heard[0] or process is None or await self._answers(http):
                    heard = process, loop.time()
                elif process.returncode is None and loop.time() - heard[1] > HUNG_AFTER_S:
                    log.error("asterisk_hung", pid=process.pid, silent_s=round(loop.time() - heard[1], 1))
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()

    async def _answers(self, http: aiohttp.ClientSession) -> bool:
        try:
            async with (
                asyncio.timeout(ANSWER_TIMEOUT_S),
                http.get(f"{self._settings.ari_url}/channels") as answer,
            ):
                await answer.read()
        except (TimeoutError, OSError, aiohttp.ClientError):
            return False
        return True

    async def command(self, text: str) -> str:
        """The answer of Asterisk's command line. Raises UnavailableError."""
        code, output = await self._remote(text)
        if code != 0:
            raise UnavailableError(f"Asterisk does not answer its command line: {output.strip()[:200]}")
        return output

    async def _launch(self) -> None:
        conf = self._home / "etc" / "asterisk.conf"
        if not conf.exists():
            raise UnavailableError(f"{conf} is missing: it is rendered before Asterisk starts")
        # Asterisk numbers its channels from the second of the clock: two lives within one, or a clock put back,
        # would give two callers one name. A disk that is full keeps nobody from starting.
        with contextlib.suppress(OSError):
            node = "" if self._settings.is_first else f"{self._settings.node}-"
            (self._home / "run" / "life.conf").write_text(f"systemname = {node}{secrets.token_hex(4)}\n")
        try:
            # What Asterisk prints before its logger is up; each start begins anew.
            with (self._home / "log" / "output.log").open("wb") as output:
                self._process = await asyncio.create_subprocess_exec(
                    self._installation.program, "-f", "-C", conf,
                    stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=asyncio.subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is for us: we end it in order
                    preexec_fn=_die_with_parent, cwd=self._home,
                )  # fmt: skip
        except OSError as error:
            raise UnavailableError(f"{self._installation.program} cannot be run: {error.strerror}") from error
        await self._wait_booted(self._process)

    async def _wait_booted(self, process: asyncio.subprocess.Process) -> None:
        try:
            async with asyncio.timeout(BOOT_TIMEOUT_S):
                while process.returncode is None:
                    if self._socket.exists():
                        code, output = await self._remote("core waitfullybooted")
                        if code == 0 and "fully booted" in output:
                            self._booted = process
                            return
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise UnavailableError(
                f"Asterisk did not boot within {BOOT_TIMEOUT_S:.0f} s; {self._last_words()}"
            ) from None
        raise UnavailableError(
            f"Asterisk ended while starting (exit code {process.returncode}); {self._last_words()}"
        )

    async def _remote(self, text: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            self._installation.program, "-C", self._home / "etc" / "asterisk.conf", "-rx", text,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT_S):
                output, _ = await process.communicate()
        except TimeoutError:
            return 1, f"no answer within {COMMAND_TIMEOUT_S:.0f} s"
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return process.returncode or 0, output.decode(errors="replace")

    async def _end_left_over(self) -> None:
        """An Asterisk of this very home that outlived its parent would hold our ports."""
        if not self._socket.exists():
            return
        code, _ = await self._remote("core stop now")
        if code == 0:
            log.warning("asterisk_left_over_ended")
            async with asyncio.timeout(STOP_TIMEOUT_S):
                while (await self._remote("core show uptime"))[0] == 0:  # noqa: ASYNC110 (another process)
                    await asyncio.sleep(POLL_S)
        self._socket.unlink(missing_ok=True)

    def _check_ports(self) -> None:
        settings = self._settings
        for kind, host, port, name in (
            (
                socket.SOCK_STREAM,
                settings.asterisk_http_host,
                settings.asterisk_http_port,
                "ASTERISK_HTTP_PORT",
            ),
            (socket.SOCK_STREAM, "127.0.0.1", settings.ami_port, "AMI_PORT"),
            (socket.SOCK_STREAM, settings.sip_host, settings.sip_port, "SIP_PORT"),
            (socket.SOCK_DGRAM, settings.sip_host, settings.sip_port, "SIP_PORT"),
        ):
            if (problem := port_problem(kind, host, port)) is not None:
                where = f"CENTRALITA_{name}" if settings.is_first else f"`{name.lower()}` of {settings.node}"
                raise UnavailableError(f"{problem}; set {where} to a free one", port=port)

    def _take_lock(self) -> None:
        """Two programs must not run the same home."""
        path = self._home / "run" / "centralita.lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = path.open("w", encoding="ascii")
        except OSError as error:
            raise UnwritableError(path, error.strerror) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise UnavailableError(
                f"{self._settings.home} is already in use by another Centralita: stop it, or set CENTRALITA_HOME"
            ) from None
        self._lock = lock

    def _last_words(self) -> str:
        lines: list[str] = []
        for name in ("messages.log", "output.log"):
            with contextlib.suppress(OSError):
                text = (self._home / "log" / name).read_text(errors="replace")
                lines += [line for line in text.splitlines() if "ERROR" in line or name == "output.log"][-3:]
        return " / ".join(lines)[-500:] or f"see {self._home / 'log'}"

    @property
    def _socket(self) -> Path:
        return self._home / "run" / "asterisk.ctl"


def port_problem(kind: socket.SocketKind, host: str, port: int) -> str | None:
    """Why a port cannot be opened, None when it can."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # as servers do: not the ones just closed
        try:
            probe.bind((host, port))
        except OSError as error:
            return f"port {port} on {host} cannot be opened ({error.strerror})"
    return None


def _die_with_parent() -> None:
    """Between fork and exec: the kernel ends the child when we are gone, however we went."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
