"""A virtual display for tests, which ends with the last program that uses it."""

from __future__ import annotations

import os
import subprocess


def start_display(width, height):
    """Start an X server without a screen on the first number that is free, and return its name."""
    reading, writing = os.pipe()
    size = f"{width}x{height}x24"
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp", "-terminate"]
    subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as told:
        return f":{told.readline().strip()}"
