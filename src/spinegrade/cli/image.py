"""``spinegrade image``: what a film is, in words a radiographer understands."""

from __future__ import annotations

import json
import sys
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinegrade.cli import options

if TYPE_CHECKING:
    from spinegrade.io.film_header import FilmHeader
    from spinegrade.radiograph import Radiograph

EXAMPLE = "Example: spinegrade image sample_images/normal-adult.dcm --png film.png"


def image(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Films: DICOM, PNG, TIFF, JPEG; of a folder every film in it, a line each.",
            show_default=False,
        ),
    ],
    frame: Annotated[int, typer.Option("--frame", min=1, help="Frame or page of several.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, an object a film.")] = False,
    png: Annotated[
        Path | None,
        typer.Option(
            "--png", help="Write the displayed picture; a folder for several films.", show_default=False
        ),
    ] = None,
    window: Annotated[int, typer.Option("--window", min=1, help="Which of its windows to display.")] = 1,
    identity: Annotated[
        bool, typer.Option("--identity", help="Names and dates too, which otherwise are not read.")
    ] = False,
    force: options.Force = False,
) -> int:
    """Say what films are: size, transfer syntax, windows, and what a millimetre on them means."""
    if any(path.is_dir() for path in files):
        if png is not None or identity or frame > 1 or window > 1:
            msg = "a folder is listed by the headers of its films; --json is the only option for it"
            raise typer.BadParameter(msg, param_hint="FILE...")
        from spinegrade.cli.film_list import list_films

        return list_films(files, as_json=as_json)
    from spinegrade.cli.image_png import png_path
    from spinegrade.errors import SpinegradeError
    from spinegrade.io.film import open_film

    described, failed = [], 0
    for path in files:
        try:
            film = open_film(path, frame=frame, person=identity)
            if png is not None:
                _write_png(film, png_path(png, path, files), window, force=force)
        except SpinegradeError as error:
            if len(files) == 1:
                raise
            failed += 1
            options.say(f"spinegrade: {' '.join(str(error).split())}")
            continue
        described.append(describe(film, path))
    if as_json:
        sys.stdout.write(json.dumps(described, indent=1, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n\n".join(_in_words(one) for one in described) + "\n" if described else "")
    return 1 if failed else 0


def describe(film: Radiograph, path: Path) -> dict[str, Any]:
    """Return what is known of a film as plain data; None where the file says nothing."""
    import attrs

    from spinegrade.io.film_header import FilmHeader
    from spinegrade.radiograph import LookupTable, preset_names

    header = FilmHeader(
        path=path,
        rows=film.pixels.shape[0],
        columns=film.pixels.shape[1],
        facts=film.facts,
        calibration=film.calibration,
        calibrated_by=film.calibrated_by,
        notes=film.notes,
    )
    modality = film.display.modality
    described = {
        **describe_header(header),
        "inverted": film.display.inverted,
        "modality_values": "lookup table"
        if isinstance(modality, LookupTable)
        else f"{modality.slope:g} x stored + {modality.intercept:g}",
        "windows": preset_names(film.display.presets),
        "sha256": film.image.sha256,
        "sop_instance_uid": film.image.sop_instance_uid,
        "series_instance_uid": film.image.series_instance_uid,
        "study_instance_uid": film.image.study_instance_uid,
    }
    if film.person is not None:
        described["person"] = attrs.asdict(film.person)
    return described


def describe_header(header: FilmHeader) -> dict[str, Any]:
    """Return what the header of a film says as plain data; None where it says nothing."""
    import attrs

    calibration = header.calibration
    spacing = calibration.spacing
    return {
        "file": str(header.path),
        **attrs.asdict(header.facts),
        "rows": header.rows,
        "columns": header.columns,
        "calibration": calibration.state.value,
        "calibrated_by": header.calibrated_by,
        "row_spacing_mm": calibration.row_spacing_mm,
        "column_spacing_mm": calibration.column_spacing_mm,
        "lengths_in": spacing.unit,
        "pixel_aspect_ratio": round(spacing.row / spacing.column, 6),
        "notes": list(header.notes),
    }


_LABELS = (
    ("kind", "what it is"),
    ("modality", "modality"),
    ("body_part", "body part"),
    ("view_position", "view"),
    ("laterality", "laterality"),
    ("patient_orientation", "orientation"),
    ("transfer_syntax", "stored as"),
)


def _in_words(film: dict[str, Any]) -> str:
    lines = [printable(film["file"])]
    frames = f", frame {film['frame']} of {film['frames']}" if film["frames"] > 1 else ""
    bits = f", {film['bits_stored']} bits" if film["bits_stored"] else ""
    lines.append(_line("size", f"{film['rows']} rows x {film['columns']} columns{bits}{frames}"))
    lines += [_line(label, film[key]) for key, label in _LABELS if film[key]]
    shown = "low values white (inverted)" if film["inverted"] else "low values black"
    photometric = f"{film['photometric_interpretation']}, " if film["photometric_interpretation"] else ""
    lines.append(_line("grey scale", f"{photometric}{shown}"))
    if film["modality_values"] != "1 x stored + 0":
        lines.append(_line("modality values", film["modality_values"]))
    lines.append(_line("windows", "; ".join(film["windows"]) or "none; the range of values is shown"))
    lines.append(_line("calibration", f"{film['calibration']}: {film['calibrated_by']}"))
    lines.append(_line("", _lengths(film)))
    lines += [_line("note", note) for note in film["notes"]]
    for key, value in film.get("person", {}).items():
        lines.append(_line(key.replace("_", " "), value or "-"))
    lines.append(_line("pixels sha256", film["sha256"]))
    return "\n".join(lines)


def _line(label: str, words: str) -> str:
    return f"  {label:<16} {words}"


def _lengths(film: dict[str, Any]) -> str:
    """Return what lengths can be had, in words."""
    shape = (
        ""
        if film["pixel_aspect_ratio"] == 1
        else f", pixels {film['pixel_aspect_ratio']:g} times as high as wide"
    )
    if film["lengths_in"] == "px":
        return f"lengths in pixels; ratios and grades need no mm{shape}"
    spacing = f"{film['row_spacing_mm']:g} x {film['column_spacing_mm']:g} mm a pixel"
    at = {"detector": "at the detector", "scanned": "on the scanned film"}.get(film["calibration"])
    where = f" {at}: larger than in the patient" if at else ""
    return f"{spacing}{where}{shape}"


def printable(name: str) -> str:
    """Return a name on one line, whatever letters it has."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in name)


def _write_png(film: Radiograph, path: Path, window: int, *, force: bool) -> None:
    from spinegrade.cli.image_png import picture
    from spinegrade.errors import FormatError
    from spinegrade.io.atomic import replacing

    presets = max(1, len(film.display.presets))
    if window > presets:
        msg = f"--window: expected 1 to {presets}, got {window}"
        raise FormatError(msg)
    shown, words = picture(film, window - 1)
    with replacing(path, force=force) as temporary:
        shown.save(temporary, format="PNG")
    if words:
        options.say(f"{path}: {words}")
