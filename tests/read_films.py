"""Readings of spines that are known, crude films to go with them, and pages taken apart."""

from __future__ import annotations

import base64
import io
from html.parser import HTMLParser

import numpy as np
from attrs import define, evolve, field
from PIL import Image, ImageDraw

from films import write_film
from spinegrade.anatomy import GRADED, LANDMARKS
from spinegrade.calibration import Calibration, CalibrationState
from spinegrade.io.film import open_film
from spinegrade.io.reading_json import write_reading
from spinegrade.phantom import lay_out_spine
from spinegrade.radiograph import ImageIdentity
from spinegrade.readings import Exam, Landmark, NotEvaluableReason, Reading, VertebraReading
from spines import heights

SIZE = (1600, 700)
SPACING = 0.4
DETECTOR = Calibration(CalibrationState.DETECTOR, SPACING, SPACING)
LOST = {"T12": (0.32, 0.12, 0.0), "L2": (0.06, 0.243, 0.0)}
"""A moderate wedge, and a mild biconcave fracture near the bound of grade 2."""


def vertebra(level, points, **facts):
    """Return a vertebra with all six landmarks placed at ``(6, 2)`` rows and columns."""
    placed = zip(LANDMARKS, points.tolist(), strict=True)
    return VertebraReading(level, {name: Landmark(*at) for name, at in placed}, **facts)


def refused(level, reason=NotEvaluableReason.OVERLAP):
    """Return a vertebra that could not be read."""
    return VertebraReading(level, evaluable=False, not_evaluable_reason=reason)


def make_reading(*, exam="E1", reader="R1", lost=None, facing=-1, spacing=(SPACING, SPACING), **changes):
    """Return a reading of T4 to L4, whose landmarks have two decimals as files have."""
    sides = heights(**(LOST if lost is None else lost))
    points = lay_out_spine(list(sides.values()), 34.0, top=(60.0, 140.0), tilts=8.0, facing=facing)
    points = np.round(points / spacing, 2)
    made = Reading(
        exam=Exam("P-17", exam),
        reader=reader,
        image=ImageIdentity(file_name="film.dcm"),
        calibration=Calibration(CalibrationState.DETECTOR, *spacing),
        vertebrae=tuple(vertebra(level, body) for level, body in zip(sides, points, strict=True)),
    )
    return evolve(made, **changes)


def with_vertebra(reading, *others):
    """Return the reading with these vertebrae in the place of its own."""
    new = {one.level: one for one in others}
    kept = {one.level: one for one in reading.vertebrae}
    return evolve(reading, vertebrae=tuple((kept | new).values()))


def shadow(reading, size=SIZE):
    """Return pixels on which the bodies of a reading are bright."""
    image = Image.new("I", size[::-1], 300)
    draw = ImageDraw.Draw(image)
    for body in reading.landmarks[~np.isnan(reading.landmarks).any(axis=(1, 2))]:
        draw.polygon([(x, y) for y, x in body[[0, 1, 2, 5, 4, 3]]], fill=3000)
    return np.asarray(image).astype(np.uint16)


def write_shadow(path, reading, size=SIZE, **tags):
    """Write the shadow of a reading as a DICOM film of these tags."""
    tags = {"ImagerPixelSpacing": [SPACING, SPACING]} | tags
    return write_film(path, shadow(reading, size), **tags)


def read_on(reading, film):
    """Return the reading with the identity of the film in a file."""
    return evolve(reading, image=open_film(film).image)


def save(reading, path):
    """Write a reading file and return its path."""
    write_reading(reading, path, force=True)
    return path


GRADED_LEVELS = GRADED.levels

_VOID = {"meta", "input", "br", "link", "img", "hr"}


@define
class Node:
    """An element of a page."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(factory=list)

    def every(self, tag, **attributes):
        """Return the elements of this tag within, in their order; ``class_`` asks for one of the classes."""
        wanted = attributes.pop("class_", None)
        return [
            node
            for node in self.walk()
            if node.tag == tag
            and (wanted is None or wanted in node.attributes.get("class", "").split())
            and all(
                node.attributes.get(name.replace("_", "-")) == value for name, value in attributes.items()
            )
        ]

    def one(self, tag, **attributes):
        """Return the only such element."""
        (found,) = self.every(tag, **attributes)
        return found

    def walk(self):
        """Yield the elements within."""
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.walk()

    @property
    def text(self):
        """The words within, spaces and line ends as one space."""
        parts = [child if isinstance(child, str) else child.text for child in self.children]
        return " ".join(" ".join(parts).split())

    def number(self, name):
        """Return an attribute as a number."""
        return float(self.attributes[name])

    def points(self):
        """Return the points of a polygon."""
        return [tuple(map(float, pair.split(","))) for pair in self.attributes["points"].split()]


class _Tree(HTMLParser):
    """Builds the tree of a page, and fails where tags do not pair."""

    def __init__(self):
        super().__init__()
        self.open = [Node("page", {})]

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), f"{tag} has an attribute twice"
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].children.append(Node(tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        self.open[-1].children.append(data)


def take_apart(html):
    """Return the page as its elements."""
    tree = _Tree()
    tree.feed(html)
    tree.close()
    (page,) = tree.open
    return page


def pictures(page):
    """Return the embedded pictures of a page, each with its image element."""
    found = []
    for image in page.every("image"):
        head, _, data = image.attributes["href"].partition(",")
        assert head == "data:image/jpeg;base64"
        found.append((image, np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))))
    return found
