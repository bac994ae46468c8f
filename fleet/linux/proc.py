"""Generates the content of /proc from the host's current state."""

from fleet.linux.kernel_files import kernel_files
from fleet.linux.mounts import mounted
from fleet.linux.swap import summary
from fleet.linux.usage import CACHE_SHARE, cached
from fleet.model import Host, Process

TICKS = 100
"""Kernel clock ticks per second."""


def proc_files(host: Host) -> dict[str, str]:
    """path -> content."""
    up = host.now - host.boot
    idle = max(up - sum(process.seconds for process in host.processes), 0) * host.system.cores
    running = sum(process.state.startswith("R") for process in host.processes) + 1
    loads = " ".join(f"{load:.2f}" for load in (host.load, *host.loads))
    files = {
        "/proc/version": f"Linux version {host.system.kernel} (x86_64-linux-gnu-gcc) #1 SMP PREEMPT_DYNAMIC\n",
        "/proc/uptime": f"{up}.00 {idle}.00\n",
        "/proc/loadavg": f"{loads} {running}/{len(host.processes)} {host.next_pid}\n",
        "/proc/cpuinfo": "\n".join(_processor(host, number) for number in range(host.system.cores)),
        "/proc/meminfo": _memory(host),
        "/proc/mounts": "".join(
            f"{source} {target} {kind} {options} 0 0\n" for source, target, kind, options in mounted(host)
        ),
        "/proc/stat": _stat(host, up),
        "/proc/swaps": summary(host),
        **kernel_files(host),
    }
    files["/proc/self/mounts"] = files["/proc/mounts"]
    for process in host.processes:
        files[f"/proc/{process.pid}/comm"] = f"{process.name[:15]}\n"
        files[f"/proc/{process.pid}/cmdline"] = process.command.replace(" ", "\0") + "\0"
        files[f"/proc/{process.pid}/status"] = _status(process)
    return files


def _processor(host: Host, number: int) -> str:
    vendor = "AuthenticAMD" if "AMD" in host.system.cpu else "GenuineIntel"
    return (
        f"processor\t: {number}\nvendor_id\t: {vendor}\nmodel name\t: {host.system.cpu}\ncache size\t: 16384 KB\n"
        f"physical id\t: 0\nsiblings\t: {host.system.cores}\ncore id\t\t: {number}\ncpu cores\t: {host.system.cores}\n"
    )


def _memory(host: Host) -> str:
    memory, cache = host.memory, cached(host)
    rows = {
        "MemTotal": memory.total,
        "MemFree": host.memory_free,
        "MemAvailable": host.memory_available,
        "Buffers": cache // CACHE_SHARE,
        "Cached": cache - cache // CACHE_SHARE,
        "SwapTotal": memory.swap_total,
        "SwapFree": memory.swap_total - memory.swap_used,
        "Shmem": memory.shared,
    }
    return "".join(f"{name + ':':<15}{value:>9} kB\n" for name, value in rows.items())


def _stat(host: Host, up: int) -> str:
    used = sum(process.seconds for process in host.processes) * TICKS
    whole = up * host.system.cores * TICKS
    return (
        f"cpu  {used * 3 // 4} 0 {used // 4} {max(whole - used, 0)} 0 0 0 0 0 0\n"
        f"btime {host.boot}\nprocesses {host.next_pid}\nprocs_running 1\nprocs_blocked 0\n"
    )


def _status(process: Process) -> str:
    return (
        f"Name:\t{process.name[:15]}\nState:\t{process.state[:1]}\nPid:\t{process.pid}\nPPid:\t{process.parent}\n"
        f"VmSize:\t{process.virtual:>8} kB\nVmRSS:\t{process.resident:>8} kB\nThreads:\t1\n"
    )
