"""The mirror in a real MLflow server, which lives in an environment of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from aj.errors import AJError
from loop.mirror import mirror
from loop.registry import champion, history, rollback
from tests.loop.test_registry import crown

MLFLOW = "mlflow==3.17.2"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mlflow")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    subprocess.run([folder / "venv/bin/pip", "install", "--quiet", MLFLOW], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    store = f"sqlite:///{folder}/mlflow.db"
    command = [folder / "venv/bin/mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*command, "--backend-store-uri", store, "--workers", "1"], stdout=log, stderr=log,
                                   cwd=folder, start_new_session=True)  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, folder / "log")
        yield url
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


def _wait(url: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(120):
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/health").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(1)
    raise AssertionError(log.read_text())


def said(url: str, path: str, **parameters: str) -> dict:
    return httpx.get(f"{url}/api/2.0/mlflow/{path}", params=parameters).raise_for_status().json()


def runs_with_alias(url: str) -> str:
    version = said(url, "registered-models/alias", name="aj", alias="champion")["model_version"]
    return next(tag["value"] for tag in version["tags"] if tag["key"] == "aj.run")


@pytest.mark.servers
@pytest.mark.timeout(900)
def test_mlflow_shows_every_promotion_once_and_who_is_champion(lab, server):
    registry = lab.logs / "registry"
    crown(lab, "good", "base")
    assert mirror(history(registry), server) == ["aj-good"]
    crown(lab, "same", "good")
    assert mirror(history(registry), server) == ["aj-same"]
    assert mirror(history(registry), server) == []
    assert runs_with_alias(server) == "same"
    rollback(registry)
    assert mirror(history(registry), server) == []
    assert runs_with_alias(server) == champion(registry)["run"] == "good"  # pyright: ignore[reportOptionalSubscript]
    versions = said(server, "model-versions/search", filter="name='aj'")["model_versions"]
    assert sorted(version["version"] for version in versions) == ["1", "2"]


@pytest.mark.parametrize("url", ["mlflow.db", "file:///srv/mlruns"])
def test_what_is_no_address_of_a_server_is_refused(url):
    with pytest.raises(AJError, match="no address of a server"):
        mirror([], url)


def test_a_server_that_does_not_answer_is_named():
    with pytest.raises(AJError, match=r"http://127\.0\.0\.1:9 does not answer as an MLflow server does"):
        mirror([], "http://127.0.0.1:9")
