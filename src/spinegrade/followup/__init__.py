"""From one date to the next: new and worse fractures, reshaping, and how they occur in a cohort.

`change` and `reshaping` work on arrays, `compare` on readings, `run` on files.
"""
