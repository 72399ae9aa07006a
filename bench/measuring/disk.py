"""What a flush costs on this disk, and how many a process makes."""

import os
import re
import shutil
import signal
import subprocess
import time


def fdatasync_seconds(directory, count, bytes_each=4096):
    """Seconds of each of `count` writes that are flushed. They write over what is there, as a database's log does: a file
    that grows has its length flushed too, which takes some file systems many times as long."""
    path = directory / "flushed"
    block = os.urandom(bytes_each)
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(file, bytes(bytes_each * count))
        os.fsync(file)
        os.lseek(file, 0, os.SEEK_SET)
        seconds = []
        for _ in range(count):
            before = time.perf_counter()
            os.write(file, block)
            os.fdatasync(file)
            seconds.append(time.perf_counter() - before)
        return seconds
    finally:
        os.close(file)
        path.unlink()


def count_flushes(pid, directory, work):
    """Calls `work` while strace counts the process's fsync and fdatasync calls. None without strace."""
    if not shutil.which("strace"):
        return None
    report = directory / "strace"
    tracer = subprocess.Popen(["strace", "-f", "-c", "-e", "trace=fsync,fdatasync", "-o", report, "-p", str(pid)],
                              stderr=subprocess.PIPE)
    tracer.stderr.readline()  # "Process N attached": from here on it counts.
    work()
    tracer.send_signal(signal.SIGINT)
    tracer.communicate()
    counts = {found[2]: int(found[1]) for found in
              re.finditer(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(fsync|fdatasync)$", report.read_text(), re.M)}
    return counts
