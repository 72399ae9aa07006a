"""What the kernel knows of a process, and of the machine."""

import os
import time

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """Processor time of all of its threads, the kernel's work for it included."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_bytes(pid, field):
    """A line of /proc/PID/status: RssAnon (now), VmHWM (the most there ever was)."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(field)


def machine_busy(seconds=1.0):
    """The share of the machine's processor time that somebody uses, while this program rests."""

    def look():
        with open("/proc/stat") as stat:
            times = [int(each) for each in stat.readline().split()[1:9]]
        return sum(times), times[3] + times[4]

    total, idle = look()
    time.sleep(seconds)
    total_then, idle_then = look()
    return 1 - (idle_then - idle) / (total_then - total)


def run_on(cpus):
    """For Popen's preexec_fn: the processors that the child may use; None: all."""
    return (lambda: os.sched_setaffinity(0, cpus)) if cpus and len(os.sched_getaffinity(0)) > 1 else None
