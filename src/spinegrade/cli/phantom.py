"""``spinegrade phantom``: render a lateral film whose landmarks are known."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spinegrade.cli import options
from spinegrade.errors import FormatError

if TYPE_CHECKING:
    from spinegrade.phantom.film import Phantom

EXAMPLE = (
    "Example: spinegrade phantom film.dcm --fracture T12:wedge:0.32 --fracture L2:biconcave:0.22 "
    "--truth film.reading.json"
)


def phantom(
    output: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="Film to write: .dcm, or .png as displayed.", show_default=False),
    ],
    scene: Annotated[
        Path | None,
        typer.Option(
            "--scene", help="Scene as TOML; other options replace what it says.", show_default=False
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Another seed, another spine.", show_default=False)
    ] = None,
    title: Annotated[
        str | None, typer.Option("--title", help="What the file calls the film.", show_default=False)
    ] = None,
    child: Annotated[bool, typer.Option("--child", help="A child of about 8 years.")] = False,
    dxa: Annotated[bool, typer.Option("--dxa", help="A DXA image: small, noisy, oblong pixels.")] = False,
    fracture: Annotated[
        list[str] | None,
        typer.Option(
            "--fracture",
            metavar="LEVEL:KIND:LOSS[:PLATE]",
            help="wedge, biconcave, crush or endplate (superior or inferior), the loss as a fraction of the "
            "posterior height: T12:wedge:0.32. May be given again.",
            show_default=False,
        ),
    ] = None,
    mimic: Annotated[
        list[str] | None,
        typer.Option(
            "--mimic",
            metavar="LEVEL:KIND[:PLATE]",
            help="schmorl, scheuermann, osteophytes or cupids-bow. May be given again.",
            show_default=False,
        ),
    ] = None,
    pose: Annotated[
        list[str] | None,
        typer.Option(
            "--pose",
            metavar="NAME=DEGREES",
            help="kyphosis, lordosis, rotation, lateral_tilt, scoliosis or lean. May be given again.",
            show_default=False,
        ),
    ] = None,
    size: Annotated[
        float | None, typer.Option("--size", help="Size of the person.  [default: 1]", show_default=False)
    ] = None,
    bone: Annotated[
        float | None, typer.Option("--bone", help="Mineral of the bones.  [default: 1]", show_default=False)
    ] = None,
    pixel: Annotated[
        float | None,
        typer.Option(
            "--pixel",
            help="Pixel in mm, on a film as large.  [default: 0.146; DXA 0.42 x 0.8]",
            show_default=False,
        ),
    ] = None,
    spacing: Annotated[
        str | None,
        typer.Option(
            "--spacing",
            help="Spacing that the file tells: none, unknown, detector, ermf, calibrated, scanned.  "
            "[default: detector; DXA none]",
            show_default=False,
        ),
    ] = None,
    polarity: Annotated[
        str | None,
        typer.Option(
            "--polarity", help="MONOCHROME1 or MONOCHROME2.  [default: MONOCHROME2]", show_default=False
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            "--truth", help="Write the true landmarks too, as a .reading.json file.", show_default=False
        ),
    ] = None,
    middle: Annotated[
        str,
        typer.Option("--middle", help="Middle point of the truth: mid_chord or deepest."),
    ] = "mid_chord",
    compress: Annotated[bool, typer.Option("--compress", help="Pack the pixels, without loss.")] = False,
    force: options.Force = False,
) -> int:
    """Render a simulated lateral spine film; its landmarks are known from the geometry."""
    from spinegrade.phantom.film import render
    from spinegrade.phantom.save import save_film
    from spinegrade.phantom.scene import scene_data, scene_from

    data = scene_data(scene) if scene is not None else {}
    data |= _given(seed=seed, title=title, size=size, bone=bone, spacing=spacing, polarity=polarity)
    data |= _given(person="child" if child else None, mode="dxa" if dxa else None)
    data |= _listed("fractures", fracture, _FRACTURE) | _listed("mimics", mimic, _MIMIC)
    if pose:
        said = data.get("pose", {})
        data["pose"] = (said if isinstance(said, dict) else {}) | dict(_degrees(one) for one in pose)
    made = scene_from(data, "phantom" if scene is None else str(scene))
    if pixel is not None:
        made = _with_pixel(made, pixel)
    point = _middle(middle)
    _check_outputs(output, truth, force=force)
    rendered = render(made)
    save_film(rendered, output, exam=output.stem, compress=compress, force=force)
    rows, columns = rendered.pixels.shape
    options.say(f"{output}: {rows} x {columns} pixels, simulated, no patient")
    for remark in _remarks(rendered, output):
        options.say(remark)
    if truth is not None:
        _write_truth(rendered, output, truth, point, force=force)
        options.say(f"{truth}: true landmarks, middle points by {point.value}")
    return 0


def _remarks(rendered: Phantom, output: Path) -> list[str]:
    """Return what the film cannot show or tell."""
    import numpy as np

    from spinegrade.anatomy import LEVELS
    from spinegrade.phantom.save import pixel_in_patient

    scene, points = rendered.scene, rendered.truth.mid_chord
    size = np.array(rendered.pixels.shape) - 0.5
    outside = np.any((points < -0.5) | (points > size), axis=(-2, -1)).tolist()
    asked = [*(one.level for one in scene.fractures), *(one.level for one in scene.mimics)]
    remarks = [
        f"{level} was asked for and lies off the film" for level in asked if outside[LEVELS.index(level)]
    ]
    row, column = pixel_in_patient(scene)
    if output.suffix.lower() == ".png" and not np.isclose(row, column):
        remarks.append(f"its pixels are {row / column:.3g} times as high as wide, which a PNG cannot tell")
    return remarks


_FRACTURE = ("level", "kind", "loss", "plate")
_MIMIC = ("level", "kind", "plate")


def _given(**values: Any) -> dict[str, Any]:  # noqa: ANN401  whatever the options are
    return {name: value for name, value in values.items() if value is not None}


def _listed(name: str, texts: list[str] | None, keys: tuple[str, ...]) -> dict[str, Any]:
    """Return what ``A:B:C`` texts say under their keys; nothing where there are no texts."""
    if not texts:
        return {}
    found = []
    for text in texts:
        parts = text.split(":")
        if not len(keys) - 1 <= len(parts) <= len(keys):
            msg = f"expected {':'.join(keys[:-1]).upper()}[:{keys[-1].upper()}], got {text!r}"
            raise typer.BadParameter(msg, param_hint=f"--{name[:-1]}")
        one: dict[str, Any] = dict(zip(keys, parts, strict=False))
        one["level"] = one["level"].upper()
        if "loss" in one:
            one["loss"] = _number(one["loss"], "--fracture")
        found.append(one)
    return {name: found}


def _degrees(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    return name, _number(value, "--pose")


def _number(text: str, hint: str) -> float:
    try:
        return float(text)
    except ValueError:
        msg = f"expected a number, got {text!r}"
        raise typer.BadParameter(msg, param_hint=hint) from None


def _with_pixel(scene: Any, pixel: float) -> Any:  # noqa: ANN401  Scene, imported only when needed
    """Return the scene on a film of the same area with square pixels of this size."""
    from attrs import evolve

    old = scene.detector
    try:
        detector = evolve(
            old,
            rows=round(old.rows * old.row_spacing_mm / pixel),
            columns=round(old.columns * old.column_spacing_mm / pixel),
            row_spacing_mm=pixel,
            column_spacing_mm=pixel,
        )
    except (ValueError, ZeroDivisionError):
        msg = f"expected a size that gives 64 to 8000 rows and columns, got {pixel:g} mm"
        raise typer.BadParameter(msg, param_hint="--pixel") from None
    return evolve(scene, detector=detector)


def _middle(text: str) -> Any:  # noqa: ANN401  MiddlePoint, imported only when needed
    from spinegrade.readings import MiddlePoint

    try:
        return MiddlePoint(text)
    except ValueError:
        msg = f"expected {' or '.join(MiddlePoint)}, got {text!r}"
        raise typer.BadParameter(msg, param_hint="--middle") from None


def _check_outputs(output: Path, truth: Path | None, *, force: bool) -> None:
    """Refuse, before any work, files that cannot be written."""
    from spinegrade.io.atomic import check_writable
    from spinegrade.io.reading_json import SUFFIX

    if output.suffix.lower() not in (".dcm", ".png"):
        msg = f"{output}: expected a name that ends in .dcm or .png, got {output.suffix or 'no suffix'!r}"
        raise FormatError(msg)
    check_writable(output, force=force)
    if truth is not None:
        if not truth.name.endswith(SUFFIX):
            msg = f"{truth}: expected a name that ends in {SUFFIX}, got {truth.name!r}"
            raise FormatError(msg)
        check_writable(truth, force=force)


def _write_truth(rendered: Phantom, film: Path, path: Path, middle: Any, *, force: bool) -> None:  # noqa: ANN401
    from spinegrade.io.film import open_film
    from spinegrade.io.reading_json import write_reading
    from spinegrade.phantom.save import true_reading
    from spinegrade.readings import Exam

    reading = true_reading(rendered, open_film(film), Exam(film.stem, film.stem), middle)
    write_reading(reading, path, force=force)
