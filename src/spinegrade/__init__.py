"""Vertebral height morphometry, fracture grading and reader agreement on lateral spine films.

The package imports nothing: ``spinegrade --help`` has to stay quick.  Take what you need from
its modules, for example ``from spinegrade.morphometry import measure_heights``.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
