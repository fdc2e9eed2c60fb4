"""``python -m clients.generate``: the generated part of the Python client, from the app's own OpenAPI document.

The operations of one collection are there twice, under ``/v1`` and under ``/v1/collections/{collection}``. A client has
them once: its base address says which collection it asks.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shelfsight.api.app import create_app
from shelfsight.api.http.schemas.components import EVENTS, JSON, TEXT
from shelfsight.api.http.schemas.document import OF_A_COLLECTION, operations_of
from shelfsight.api.service.opening import Served
from shelfsight.core.settings import Settings

__all__ = ["PYTHON", "generate", "reference"]

PYTHON = Path(__file__).parent / "python" / "shelfsight_client" / "rest"
_PREFIX = "/v1"


def reference() -> dict[str, Any]:
    """The OpenAPI document of a server that asks for keys."""
    settings = Settings.model_validate({"access": {"keys": "required"}})
    with TemporaryDirectory() as folder, Served(settings=settings, root=Path(folder)).open() as service:
        return create_app(service).openapi()


def generate(target: Path) -> None:
    """Put the package into the directory ``target``, in place of what is there.

    Raises:
        subprocess.CalledProcessError: there is something in the document that the generator cannot express.
    """
    with TemporaryDirectory() as folder:
        document, made = Path(folder) / "openapi.json", Path(folder) / "rest"
        document.write_text(json.dumps(_for_clients(reference())))
        tools = Path(sys.executable).parent
        config = Path(__file__).parent / "config.yaml"
        command = [str(tools / "openapi-python-client"), "generate", "--meta", "none", "--fail-on-warning"]
        places = ["--path", str(document), "--config", str(config), "--output-path", str(made)]
        subprocess.run(
            [*command, *places],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
        )
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(made, target, ignore=shutil.ignore_patterns("__pycache__", ".ruff_cache"))


def _for_clients(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without ``/v1``, which is in the base address, and each operation once."""
    paths: dict[str, Any] = {}
    for method, path, operation in operations_of(document):
        if path.startswith(_PREFIX) and not operation["operationId"].endswith(OF_A_COLLECTION):
            kept = _unconditional(operation) if method == "get" else operation
            paths.setdefault(path.removeprefix(_PREFIX), {})[method] = _for_client(kept)
    schemas = {name: each for name, each in document["components"]["schemas"].items() if not name.endswith("Form")}
    components = {**document["components"], "schemas": schemas}
    return {**document, "paths": paths, "components": components}


def _unconditional(operation: Mapping[str, Any]) -> dict[str, Any]:
    """Without 304: what reads with this keeps nothing that it could have again."""
    answers = {status: answer for status, answer in operation["responses"].items() if status != "304"}
    parameters = [each for each in operation.get("parameters", ()) if each["name"] != "if-none-match"]
    return {**operation, "responses": answers, "parameters": parameters}


def _for_client(operation: Mapping[str, Any]) -> dict[str, Any]:
    """Bodies as JSON alone; events as they are sent; every problem as the one answer of all other statuses; a key where
    the client has one."""
    answers = {status: _plain(answer) for status, answer in operation["responses"].items() if "$ref" not in answer}
    found = {**operation, "responses": {**answers, "default": {"$ref": "#/components/responses/Unusable"}}}
    found.pop("security", None)
    if "requestBody" in operation:
        content = {JSON: operation["requestBody"]["content"][JSON]}
        found["requestBody"] = {**operation["requestBody"], "content": content}
    return found


def _plain(answer: Mapping[str, Any]) -> dict[str, Any]:
    content = dict(answer.get("content", {}))
    if set(content) == {EVENTS}:
        content[EVENTS] = {"schema": TEXT}
    return {**answer, "content": content}


if __name__ == "__main__":
    generate(PYTHON)
