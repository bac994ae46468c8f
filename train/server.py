"""`aj serve`: a vLLM server on 127.0.0.1 that ends with this process."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

from aj.children import die_with_parent
from aj.errors import ServeError
from train.serve import HOST, Served, command_arguments, prepare, serving_env, temporary_files


def serve(served: Served, port: int) -> None:
    """Serve a model until Ctrl-C, SIGTERM, or the terminal's end (not under nohup); the server ends with this process.

    Raises:
        ServeError: a package is missing; the port is in use; the server failed.
        TrainError: the model's base cannot be downloaded.
    """
    _refuse_busy(port)
    prepare(served)
    command = [_vllm(), "serve", *command_arguments(served, port)]
    interrupt_on(signal.SIGTERM, signal.SIGHUP)
    # Its own process group, so that the engine's processes end with it however this process ends.
    server = subprocess.Popen(
        command,
        env={**os.environ, **serving_env(served), "TMPDIR": temporary_files()},
        start_new_session=True,
        preexec_fn=partial(die_with_parent, signal.SIGTERM),  # on which vLLM ends its engine as well
    )
    try:
        code = server.wait()
    except KeyboardInterrupt:
        code = 0
    finally:
        _end(server)
    if code:
        raise ServeError(f"vLLM exited with code {code}; its last lines above say why.")


def interrupt_on(*signals: signal.Signals) -> None:
    """Each raises KeyboardInterrupt here, as Ctrl-C does, but those that are ignored stay so: nohup's SIGHUP."""
    for sent in signals:
        if signal.getsignal(sent) is not signal.SIG_IGN:
            signal.signal(sent, signal.default_int_handler)


def _vllm() -> str:
    beside = Path(sys.executable).with_name("vllm")
    program = str(beside) if beside.exists() else shutil.which("vllm")
    if not program:
        raise ServeError("vLLM is not installed; run: make setup")
    return program


def _refuse_busy(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ServeError(
                f"port {port} cannot be used ({error.strerror}); stop what is using it, or choose another: "
                f"aj serve RUN --port {port + 1}"
            ) from error


def _end(server: subprocess.Popen[bytes]) -> None:
    """Terminate the server and its engine; kill what is left."""
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=20)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
