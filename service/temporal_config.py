"""What an embedded Temporal server is told: its configuration files, or the command line's flags."""

import json
from dataclasses import dataclass
from pathlib import Path
from string import Template
from uuid import uuid4

from service.temporal_binary import Binary, Kind

DATABASE = "temporal.db"
CLI_DATABASE = "temporal-cli.db"
PORTS = 3  # frontend, history, matching: they are dialled, so they need numbers

_SERVER = Template("""\
log: {stdout: true, level: warn}
persistence:
  numHistoryShards: 4
  defaultStore: main
  visibilityStore: main
  datastores:
    main:
      sql:
        pluginName: sqlite
        databaseName: $database
        connectAddr: localhost
        connectProtocol: tcp
        connectAttributes: $attributes
        maxConns: 1
        maxIdleConns: 1
global: {membership: {maxJoinDuration: 30s, broadcastAddress: 127.0.0.1}}
services:
  frontend: {rpc: {grpcPort: $frontend, membershipPort: 0, bindOnLocalHost: true}}
  history: {rpc: {grpcPort: $history, membershipPort: 0, bindOnLocalHost: true}}
  matching: {rpc: {grpcPort: $matching, membershipPort: 0, bindOnLocalHost: true}}
  worker: {rpc: {grpcPort: 0, membershipPort: 0, bindOnLocalHost: true}}
clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active: {enabled: true, initialFailoverVersion: 1, rpcName: frontend, rpcAddress: "127.0.0.1:$frontend"}
dcRedirectionPolicy: {policy: noop}
dynamicConfigClient: {filepath: $dynamic, pollInterval: 10s}
""")

# synchronous 2 (FULL): with 1 a power cut could take back what was acknowledged.
_ON_DISK = {
    "mode": "rwc",
    "cache": "private",
    "setup": "true",
    "journal_mode": "wal",
    "synchronous": "2",
    "busy_timeout": "10000",
}
_IN_MEMORY = {"mode": "memory", "cache": "shared", "setup": "true"}

ALWAYS: dict[str, object] = {
    "frontend.namespaceRPS.visibility": 200,  # default 10 a second: lists of workflows crawl
    "frontend.namespaceCount": 5000,  # default 1200 long polls at once; each awaited result is one
    "history.hostLevelCacheMaxSize": 8192,
    "system.forceSearchAttributesCacheRefreshOnRead": True,  # a new search attribute is usable at once
}
_SIMULATED: dict[str, object] = {
    "frontend.WorkflowTimeSkippingEnabled": True,
    "history.workflowIdReuseMinimalInterval": "0s",
    "history.timerProcessorMaxTimeShift": "1ms",
    "history.timerProcessorMaxPollRPS": 2000,  # default 20 a second: a timer comes up to 0.5 s late
    "history.transferProcessorMaxPollRPS": 2000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How one embedded server is to run."""

    home: Path
    """Folder of its files."""
    simulate: bool
    """Whether workflows may skip time."""
    memory: bool
    """Whether all is kept in memory only."""
    namespace: str
    """Namespace that the command line makes at its start."""


def command(binary: Binary, launch: Launch, ports: list[int]) -> list[str]:
    """Write the files that the server reads, and give its command line."""
    dynamic = ALWAYS | (_SIMULATED if launch.simulate else {})
    if binary.kind is Kind.CLI:
        return _cli_command(binary.path, launch, ports[0], dynamic)
    launch.home.mkdir(parents=True, exist_ok=True)
    settings = launch.home / "dynamic.yaml"
    settings.write_text("".join(f"{key}: [{{value: {json.dumps(value)}}}]\n" for key, value in dynamic.items()))
    config = launch.home / "server.yaml"
    frontend, history, matching = ports
    config.write_text(
        _SERVER.substitute(
            database=json.dumps(f"memory-{uuid4().hex}" if launch.memory else str(launch.home / DATABASE)),
            attributes=json.dumps(_IN_MEMORY if launch.memory else _ON_DISK),
            frontend=frontend,
            history=history,
            matching=matching,
            dynamic=json.dumps(str(settings)),
        )
    )
    return [str(binary.path), "--config-file", str(config), "--allow-no-auth", "start"]


def _cli_command(path: Path, launch: Launch, port: int, dynamic: dict[str, object]) -> list[str]:
    """Give the flags of `temporal server start-dev`; its file is its own, for it has another number of shards."""
    flags = ["--headless", "--ip", "127.0.0.1", "--port", str(port), "--namespace", launch.namespace]
    if not launch.memory:
        launch.home.mkdir(parents=True, exist_ok=True)
        flags += ["--db-filename", str(launch.home / CLI_DATABASE)]
        flags += ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=2"]
    for key, value in dynamic.items():
        flags += ["--dynamic-config-value", f"{key}={json.dumps(value)}"]
    return [str(path), "server", "start-dev", *flags]
