"""What the package offers, and that it stands apart."""

from __future__ import annotations

import inspect
import subprocess
import sys

from spinegrade import agreement


def test_everything_offered_is_there_and_says_what_it_does():
    assert sorted(
        agreement.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name)
    ) == list(agreement.__all__)
    for name in agreement.__all__:
        offered = getattr(agreement, name)
        if inspect.isclass(offered) or inspect.isfunction(offered):
            assert offered.__doc__, name


def test_it_knows_nothing_of_spines_and_waits_for_nothing():
    """Of the project it imports its errors; scipy only when it computes."""
    code = "import sys, spinegrade.agreement; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    asked = set(done.stdout.split())
    ours = {name for name in asked if name.startswith("spinegrade.") and "agreement" not in name}
    assert ours == {"spinegrade.errors"}
    assert asked.isdisjoint({"scipy", "polars", "pandas", "matplotlib"})
