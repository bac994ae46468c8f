"""Mirrors the registry of champions to MLflow's: a version for each promotion, and an alias for the champion.

Speaks MLflow's REST API (https://mlflow.org/docs/latest/rest-api.html), since its Python package wants older libraries
than ours (3.17: pyarrow below 26, cachetools below 8). What its server does, seen with 3.17.2: a version's source must
lie in the artifacts of an MLflow run, so each promotion gets one, with the verdict's values as its metrics.
"""

import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import httpx

from aj.errors import AJError

ALIAS = "champion"
PROMOTION = "aj.promotion"
"""The tag by which a version's promotion is known, so that none is mirrored twice."""


def mirror(events: Sequence[dict[str, Any]], url: str, model: str = "aj") -> list[str]:
    """Make a version of `model` for every promotion that has none, and give the champion's the alias `champion`.

    Args:
        events: the registry's history, oldest first.
        url: of MLflow's server.

    Returns:
        the names of the champions that were added, oldest first.

    Raises:
        AJError: the server cannot be reached, or refuses; what was mirrored until then stays, and is not repeated.
    """
    with _Server(url) as server:
        server.ensure_model(model)
        versions = server.versions(model)
        added: list[str] = []
        for event in events:
            crowned = event["champion"]
            if event["event"] == "promote" and (promotion := _promotion(crowned)) not in versions:
                versions[promotion] = server.add(model, crowned, promotion)
                added.append(crowned["name"])
        if events:
            server.send("registered-models/alias", name=model, alias=ALIAS,
                        version=versions[_promotion(events[-1]["champion"])])  # fmt: skip
    return added


def _promotion(crowned: dict[str, Any]) -> str:
    return f"{crowned['run']} {crowned['promoted_at']}"


class _Server:
    def __init__(self, url: str) -> None:
        if not re.match("https?://", url):
            raise AJError(f"{url} is no address of a server; write it as http://HOST:PORT.")
        self._url = url.rstrip("/")
        names = "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
        token, user, password = (os.environ.get(name) for name in names)
        self._http = httpx.Client(
            base_url=f"{self._url}/api/2.0/mlflow/",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            auth=(user, password or "") if user and not token else None,
            timeout=30,
        )

    def __enter__(self) -> "_Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(self, path: str, **content: Any) -> dict[str, Any]:
        return self._answer("POST", path, json=content)

    def ask(self, path: str, **parameters: Any) -> dict[str, Any]:
        return self._answer("GET", path, params=parameters)

    def ensure_model(self, model: str) -> None:
        try:
            self.send("registered-models/create", name=model)
        except _Refused as refused:
            if refused.code != "RESOURCE_ALREADY_EXISTS":
                raise

    def versions(self, model: str) -> dict[str, str]:
        """Promotion -> version, of the versions that were mirrored."""
        found: dict[str, str] = {}
        for version in self._every_version(model):
            tags = {tag["key"]: tag.get("value", "") for tag in version.get("tags", ())}
            if PROMOTION in tags:
                found[tags[PROMOTION]] = version["version"]
        return found

    def _every_version(self, model: str) -> Iterator[dict[str, Any]]:
        token = ""
        while True:
            page = self.ask("model-versions/search", filter=f"name='{model}'", max_results=200, page_token=token)
            yield from page.get("model_versions", ())
            token = page.get("next_page_token", "")
            if not token:
                return

    def add(self, model: str, crowned: dict[str, Any], promotion: str) -> str:
        """The number of a new version."""
        verdict = crowned.get("verdict") or {}
        tags = {
            PROMOTION: promotion,
            "aj.run": crowned["run"],
            "aj.adapter": crowned["adapter"],
            "aj.verdict": verdict.get("outcome", ""),
            "aj.policy": verdict.get("policy", ""),
            "aj.reason": crowned.get("reason", ""),
        }
        told = [{"key": key, "value": str(value)} for key, value in tags.items() if value]
        at = round(datetime.fromisoformat(crowned["promoted_at"]).timestamp() * 1000)
        run = self.send("runs/create", experiment_id=self._experiment(model), run_name=crowned["name"],
                        start_time=at, tags=told)["run"]["info"]  # fmt: skip
        self.send("runs/log-batch", run_id=run["run_id"], metrics=list(_metrics(verdict, at)))
        self.send("runs/update", run_id=run["run_id"], status="FINISHED", end_time=at)
        made = self.send(
            "model-versions/create", name=model, source=run["artifact_uri"], run_id=run["run_id"], tags=told
        )
        return made["model_version"]["version"]

    def _experiment(self, name: str) -> str:
        try:
            return self.ask("experiments/get-by-name", experiment_name=name)["experiment"]["experiment_id"]
        except _Refused as refused:
            if refused.code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return self.send("experiments/create", name=name)["experiment_id"]

    def _answer(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, **content)
            told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise AJError(
                f"{self._url} does not answer as an MLflow server does ({error}); check the address."
            ) from error
        if answer.is_success and isinstance(told, dict):
            return told
        code, why = (told.get("error_code", ""), told.get("message", "")) if isinstance(told, dict) else ("", "")
        raise _Refused(code, f"MLflow refuses {path} ({answer.status_code} {why or code}); check the server's log.")


class _Refused(AJError):
    def __init__(self, code: str, told: str) -> None:
        super().__init__(told)
        self.code = code


def _metrics(verdict: dict[str, Any], at: int) -> Iterator[dict[str, Any]]:
    """The value of each check of all samples: a floor's is the model's own score, the others are differences."""
    for check in verdict.get("checks", ()):
        if check["slice"] == "all":
            yield {"key": f"{check['metric']}/{check['rule']}", "value": check["value"], "timestamp": at, "step": 0}
