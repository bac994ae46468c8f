"""The files in /run that name a running service's main process."""

from fleet.model import File, Host
from fleet.ports import main_process

PID_FILES = {
    "nginx": "nginx.pid", "apache2": "apache2/apache2.pid", "haproxy": "haproxy.pid", "mysql": "mysqld/mysqld.pid",
    "postgresql": "postgresql/15-main.pid", "redis": "redis/redis-server.pid", "rabbitmq": "rabbitmq/pid",
    "grafana": "grafana/grafana-server.pid", "docker": "docker.pid", "cron": "crond.pid", "ssh": "sshd.pid",
}  # fmt: skip
"""Service -> its file below /run, as its package sets it."""


def pid_files(host: Host) -> dict[str, File]:
    """path -> file."""
    mains = {name: main_process(host, name) for name, service in host.services.items() if service.state == "active"}
    return {
        f"/run/{PID_FILES[name]}": File(f"{main.pid}\n", modified=main.started)
        for name, main in mains.items()
        if main and name in PID_FILES
    }
