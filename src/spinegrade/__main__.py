"""``python -m spinegrade`` is ``spinegrade``."""

from spinegrade.cli import run

if __name__ == "__main__":
    run()
