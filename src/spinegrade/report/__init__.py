"""Reports: one HTML page that needs nothing else, made from readings and, where found, their films."""

from spinegrade.report.clinic import Clinic
from spinegrade.report.page import Page, make_page
from spinegrade.report.selection import MOST_READINGS, Choice, Chosen, choose

__all__ = ["MOST_READINGS", "Choice", "Chosen", "Clinic", "Page", "choose", "make_page"]
