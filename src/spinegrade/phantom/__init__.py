"""Phantoms: lateral films of a simulated spine, whose landmarks are known from its geometry."""

from spinegrade.phantom.layout import lay_out_spine

__all__ = ["lay_out_spine"]
