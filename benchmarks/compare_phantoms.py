"""Compare phantoms with lateral projections of real CTs: grey levels, endplates, sharpness, noise.

``python benchmarks/compare_phantoms.py [FOLDER]`` prints the figures of docs/phantoms.md; with a folder it
also writes the pictures side by side there.  The CTs lie in ``../shared/data/ct`` and are read in place.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from attrs import frozen
from scipy.ndimage import gaussian_filter1d, map_coordinates

from spinegrade.anatomy import LEVELS
from spinegrade.phantom.exposure import expose, respond
from spinegrade.phantom.film import attenuation
from spinegrade.phantom.images import resized
from spinegrade.phantom.scene import Detector, Scene
from spinegrade.phantom.skeleton import build
from spinegrade.phantom.surroundings import SOFT_PER_MM
from spinegrade.phantom.truth import find_truth

CT = Path(__file__).parents[2] / "shared" / "data" / "ct"


@frozen(eq=False)
class Projection:
    """Attenuation along parallel or nearly parallel lateral rays, and where the spine runs in it.

    ``line`` are ``(k, 2)`` places, row and column, down the middle of the bodies; ``spacing`` is in mm.
    """

    name: str
    met: np.ndarray
    spacing: float
    line: np.ndarray


LUMBAR_LINE = np.array([(18, 60.5), (30, 59.5), (42, 58.5), (52, 60), (60, 63.5)])
"""Down the lumbar bodies of ``lumbar_ct``, read off its projection by eye."""
THORACIC_LINE = np.array([(30, 94), (45, 99), (60, 101.5), (75, 103), (92, 102)])
"""Down the thoracic bodies of ``thorax_ct``."""

BONE_AT_60_KEV = 1.4
"""What bone attenuates beyond water at a film's 60 keV, times what it does in a CT's rays of 120 kVp."""


def of_ct(name: str, line: np.ndarray) -> Projection:
    """Return the lateral projection of a CT, front at the left."""
    import nibabel

    image = nibabel.as_closest_canonical(nibabel.load(CT / f"{name}.nii.gz"))
    hounsfield = np.asarray(image.dataobj, dtype=np.float32)
    across, _, down = image.header.get_zooms()
    bone = np.clip(hounsfield - 100, 0, 3000) * (BONE_AT_60_KEV - 1)
    met = (SOFT_PER_MM * (1 + (np.clip(hounsfield, -1000, 3000) + bone) / 1000)).sum(axis=0) * across
    return Projection(name, met.T[::-1, ::-1], float(down), line)


def of_phantom(scene: Scene, spacing: float, levels: tuple[str, str]) -> Projection:
    """Return a phantom's attenuation on a raster as coarse as a CT's, in the patient."""
    anatomy, texture, _ = np.random.default_rng(scene.seed).spawn(3)
    skeleton = build(scene, anatomy)
    met = attenuation(scene, skeleton, texture)
    detector, larger = scene.detector, scene.beam.magnification
    scale = detector.row_spacing_mm / (spacing * larger)
    coarse = resized(met, (round(met.shape[0] * scale), round(met.shape[1] * scale)))
    first, last = (LEVELS.index(level) for level in levels)
    centres = find_truth(skeleton, scene).mid_chord[first : last + 1].mean(axis=1)
    return Projection(f"phantom {scene.seed}", coarse, spacing, (centres + 0.5) * scale - 0.5)


def along(projection: Projection, *, half_width_mm: float = 7.0, step_mm: float = 0.5) -> np.ndarray:
    """Return the attenuation down the middle of the bodies, a mean across them."""
    line = projection.line
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.arange(0, way[-1], step_mm / projection.spacing)
    points = np.stack([np.interp(at, way, line[:, n]) for n in range(2)], axis=1)
    tangent = np.gradient(points, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    aside = np.linspace(-half_width_mm, half_width_mm, 9) / projection.spacing
    places = points[None] + aside[:, None, None] * normal[None]
    return (
        map_coordinates(projection.met, places.reshape(-1, 2).T, order=1).reshape(len(aside), -1).mean(axis=0)
    )


def figures(projection: Projection) -> dict[str, float]:
    """Return what can be compared; lengths in mm, attenuation as natural logarithms."""
    profile = along(projection)
    relief = profile - gaussian_filter1d(profile, 20 / 0.5)
    slopes = np.abs(np.diff(profile)) / 0.5
    ends = gaussian_filter1d(relief, 2.0)
    tops = np.flatnonzero(
        (ends[1:-1] > ends[:-2]) & (ends[1:-1] > ends[2:]) & (ends[1:-1] > 0.3 * relief.std())
    )
    return {
        "behind the bodies": float(profile.mean()),
        "relief SD": float(relief.std()),
        "slope, 95th percentile a mm": float(np.percentile(slopes, 95)),
        "peaks in 100 mm": 100 * len(tops) / (len(profile) * 0.5),
    }


def film(projection: Projection) -> np.ndarray:
    """Return stored values of the projection on the default detector, larger pixels aside."""
    rows, columns = projection.met.shape
    fine = resized(projection.met.astype(np.float32), (rows * 6, columns * 6))
    pixel = projection.spacing / 6
    detector = Detector(rows=rows * 6, columns=columns * 6, row_spacing_mm=pixel, column_spacing_mm=pixel)
    return respond(expose(fine, detector, np.random.default_rng(0)), detector)


def grey_levels(projection: Projection) -> np.ndarray:
    """Return the deciles of stored values round the spine, least 0 and largest 1."""
    stored = film(projection).astype(float)
    line = projection.line * 6
    reach = 60 / projection.spacing * 6
    rows = slice(int(line[:, 0].min()), int(line[:, 0].max()))
    columns = slice(max(0, int(line[:, 1].min() - reach)), int(line[:, 1].max() + reach))
    deciles = np.quantile(stored[rows, columns], np.linspace(0.05, 0.95, 10))
    return (deciles - deciles[0]) / (deciles[-1] - deciles[0])


def noise(projection: Projection) -> float:
    """Return the SD of stored values over what blurring leaves, in front of the lower spine."""
    stored = film(projection).astype(np.float32)
    row, column = (projection.line[-1] * 6).astype(int)
    part = stored[row - 60 : row, max(0, column - 200) : column - 120]
    rough = part - gaussian_filter1d(gaussian_filter1d(part, 4, axis=0), 4, axis=1)
    return float(rough.std())


def pairs() -> list[tuple[Projection, Projection]]:
    """Return each CT with a phantom of the same part, on the same raster."""
    lumbar, thorax = of_ct("lumbar_ct", LUMBAR_LINE), of_ct("thorax_ct", THORACIC_LINE)
    scene = Scene(seed=11, bone=1.0)
    return [
        (lumbar, of_phantom(scene, lumbar.spacing, ("L1", "L4"))),
        (thorax, of_phantom(scene, thorax.spacing, ("T5", "T9"))),
    ]


def main() -> None:
    """Print the figures."""
    if not CT.is_dir():
        sys.exit(f"{CT}: expected the CTs of the shared data, got no such folder")
    for real, phantom in pairs():
        for one in (real, phantom):
            words = ", ".join(f"{name} {value:.3f}" for name, value in figures(one).items())
            print(f"{one.name} ({one.spacing:g} mm): {words}, noise {noise(one):.1f}")
        apart = np.abs(grey_levels(real) - grey_levels(phantom)).max()
        print(f"  deciles of grey round the spine: at most {apart:.2f} of the range apart")
        if len(sys.argv) > 1:
            _picture(real, phantom, Path(sys.argv[1]))


def _picture(real: Projection, phantom: Projection, folder: Path) -> None:
    from PIL import Image

    greys = []
    for one in (real, phantom):
        stored = film(one).astype(float)
        low, high = np.percentile(stored, [1, 99])
        grey = 255 - np.clip((stored - low) / (high - low), 0, 1) * 255
        greys.append(Image.fromarray(grey.astype(np.uint8)))
    sheet = Image.new("L", (sum(g.width for g in greys) + 10, max(g.height for g in greys)))
    sheet.paste(greys[0], (0, 0))
    sheet.paste(greys[1], (greys[0].width + 10, 0))
    sheet.save(folder / f"{real.name}.png")


if __name__ == "__main__":
    main()
