"""What every test shares: the same examples on every machine, and an ear for Ctrl C."""

from __future__ import annotations

import signal

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So a shell starts what runs in its background, and every process of a test would be as deaf.
    signal.signal(signal.SIGINT, signal.default_int_handler)
