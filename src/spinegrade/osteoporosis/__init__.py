"""Osteoporosis by rule files: patient facts and vertebral grades to met, not met or indeterminate."""
