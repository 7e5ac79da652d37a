"""A rendered phantom as files: the film, and the reading of somebody who makes no errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinegrade.anatomy import LANDMARKS, LEVELS
from spinegrade.calibration import Calibration
from spinegrade.io.film_writer import FilmHeader, write_dicom, write_png
from spinegrade.io.spacing import SpacingTags
from spinegrade.phantom.scene import BeamKind, Polarity, Scene, SpacingTag
from spinegrade.radiograph import Window
from spinegrade.readings import (
    CountedFrom,
    Exam,
    Landmark,
    MiddlePoint,
    NotEvaluableReason,
    Reading,
    Status,
    VertebraReading,
)

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from spinegrade.phantom.film import Phantom
    from spinegrade.radiograph import Radiograph


def save_film(
    phantom: Phantom,
    path: Path,
    *,
    exam: str = "phantom",
    on: date | None = None,
    compress: bool = False,
    force: bool = False,
) -> None:
    """Write a phantom as DICOM, or as a picture where the name ends in ``.png``.

    Raises
    ------
    FormatError
        If the file exists and ``force`` is not given, or cannot be written.
    """
    if path.suffix.lower() == ".png":
        write_png(path, shown(phantom), force=force)
    else:
        write_dicom(path, phantom.pixels, _header(phantom, exam, on), compress=compress, force=force)


def shown(phantom: Phantom) -> NDArray[np.uint8]:
    """Return the ``(rows, columns)`` greys of a phantom in its own window."""
    grey = Window(phantom.centre, phantom.width).grey(phantom.pixels.astype(np.float32))
    if phantom.scene.polarity is Polarity.MONOCHROME1:
        grey = 1 - grey
    return np.rint(grey * 255).astype(np.uint8)


def _header(phantom: Phantom, exam: str, on: date | None) -> FilmHeader:
    scene = phantom.scene
    return FilmHeader(
        identity=f"{scene!r} {exam}",
        patient_id=exam,
        description=f"simulated: {scene.title}",
        on=on,
        captured=scene.beam.kind is BeamKind.SCAN,
        photometric=scene.polarity.value,
        bits=scene.detector.bits,
        window=(phantom.centre, phantom.width),
        orientation=("P" if scene.facing < 0 else "A", "F"),
        spacing=spacing_tags(scene),
    )


def spacing_tags(scene: Scene) -> SpacingTags:
    """Return the tags that tell the spacing as the scene wants it told."""
    detector, beam = scene.detector, scene.beam
    at_detector = (detector.row_spacing_mm, detector.column_spacing_mm)
    scanned = beam.kind is BeamKind.SCAN
    in_patient = pixel_in_patient(scene)
    if scanned:  # makers of DXA scanners tell the size of a pixel in the patient
        at_detector = in_patient
    match scene.spacing:
        case SpacingTag.UNKNOWN:
            return SpacingTags(pixel=at_detector)
        case SpacingTag.DETECTOR:
            return SpacingTags(imager=at_detector)
        case SpacingTag.ERMF:
            return SpacingTags(
                imager=at_detector,
                magnification=beam.magnification,
                source_to_detector=beam.source_to_detector,
                source_to_patient=beam.source_to_spine,
            )
        case SpacingTag.CALIBRATED:
            words = "simulated, at the middle of the spine"
            return SpacingTags(
                imager=None if scanned else at_detector,
                pixel=in_patient,
                calibration_type="FIDUCIAL",
                calibration_description=words,
            )
        case SpacingTag.SCANNED:
            return SpacingTags(nominal=at_detector)
    return SpacingTags(aspect=in_patient if not np.isclose(*in_patient) else None)


def pixel_in_patient(scene: Scene) -> tuple[float, float]:
    """Return the height and width of a pixel in mm at the middle of the spine."""
    down = 1.0 if scene.beam.kind is BeamKind.SCAN else scene.beam.magnification
    return scene.detector.row_spacing_mm / down, scene.detector.column_spacing_mm / scene.beam.magnification


def true_reading(
    phantom: Phantom, film: Radiograph, exam: Exam, middle: MiddlePoint = MiddlePoint.MID_CHORD
) -> Reading:
    """Return the reading without errors of a phantom's film, as read from its file.

    Levels whose landmarks lie outside the film are said to.
    """
    points = getattr(phantom.truth, middle.value)
    size = np.array([phantom.scene.detector.rows, phantom.scene.detector.columns]) - 0.5
    hidden = LEVELS.index(phantom.scene.hidden_to)
    return Reading(
        exam=exam,
        reader="truth",
        occasion=1,
        image=film.image,
        calibration=_calibration(phantom.scene, film),
        middle_point=middle,
        counted_from=CountedFrom.L5_S1,
        vertebrae=tuple(
            true_vertebra(level, points[place], size, behind=place <= hidden)
            for place, level in enumerate(LEVELS)
            if not np.isnan(points[place]).any()
        ),
    )


def _calibration(scene: Scene, film: Radiograph) -> Calibration:
    """Return the film's calibration; a picture cannot tell that its pixels are oblong, the scene can."""
    row, column = pixel_in_patient(scene)
    known = film.calibration.row_spacing_mm or film.calibration.pixel_aspect_ratio
    if known or np.isclose(row, column):
        return film.calibration
    return Calibration(film.calibration.state, pixel_aspect_ratio=row / column)


def true_vertebra(
    level: str, points: NDArray[np.float64], size: NDArray[np.float64], *, behind: bool
) -> VertebraReading:
    """Return a vertebra as the truth has it; nobody can read one behind the shoulder or off the film."""
    inside = [bool((point >= -0.5).all() and (point <= size).all()) for point in points]
    reason = NotEvaluableReason.OVERLAP if behind else None
    if not all(inside):
        reason = NotEvaluableReason.OUTSIDE_IMAGE
    landmarks = {
        name: Landmark(*point) if on_film else Landmark(status=Status.OUTSIDE_IMAGE)
        for name, point, on_film in zip(LANDMARKS, points.round(3).tolist(), inside, strict=True)
    }
    return VertebraReading(level, landmarks, evaluable=reason is None, not_evaluable_reason=reason)
