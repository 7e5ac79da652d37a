"""Measure how quickly films are opened and folders are listed, beside pydicom alone.

``python benchmarks/open_films.py FOLDER`` reads the DICOM films of a folder in place.  `run.py` runs it for
the shared real films, where they are.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from spinegrade.errors import SpinegradeError
from spinegrade.io.dicom_film import read_film
from spinegrade.io.dicom_syntax import decoder
from spinegrade.io.film_header import list_files, scan_films

if TYPE_CHECKING:
    from collections.abc import Callable

FILMS = Path(__file__).parents[2] / "shared" / "data" / "dicom"
_COPIES = 5_000
_TIMES = 15


def main() -> None:
    """Measure the films of a folder named on the command line."""
    measure(Path(sys.argv[1]) if len(sys.argv) > 1 else FILMS)


def measure(folder: Path) -> None:
    """Print what opening each film and listing many takes, or that there are none."""
    films = sorted(folder.glob("*.dcm")) if folder.is_dir() else []
    if not films:
        print("films: skipped, the shared real films are not there")
        return
    print(
        "films: a file to displayed pixels, beside pydicom's pixel_array of the same file by the same decoder"
    )
    with tempfile.TemporaryDirectory() as name:
        plain = _uncompressed(films, Path(name))
        for path in (*films, *plain):
            _opening(path)
    listing(films)


def _uncompressed(films: list[Path], folder: Path) -> list[Path]:
    """Write the first film stored as RLE without compression, as no large real one is at hand."""
    import pydicom

    for path in films:
        film = pydicom.dcmread(path)
        if film.file_meta.TransferSyntaxUID == pydicom.uid.RLELossless:
            film.decompress(generate_instance_uid=False)
            target = folder / f"{path.stem}_uncompressed.dcm"
            film.save_as(target)
            return [target]
    return []


def _opening(path: Path) -> None:
    """Compare opening and displaying a film with decoding it; the two take turns, the best of each counts."""
    import pydicom
    from pydicom.pixels.utils import pixel_array

    using = decoder(pydicom.dcmread(path))
    plugin = using.plugin if using else ""
    try:
        read_film(path)
    except SpinegradeError as error:
        print(f"  {path.stem}: not decoded ({str(error).split(': ', 1)[1]})")
        return
    alone, shown, summed = _turns(
        lambda: pixel_array(path, decoding_plugin=plugin),
        lambda: read_film(path).shown(),
        lambda: _shown_and_summed(path),
    )
    print(
        f"  {path.stem}: {shown:.1f} ms, pydicom {alone:.1f} ms, {shown / alone:.2f}x (bar 1.3x); "
        f"with the sum of its pixels {summed:.1f} ms, {summed / alone:.2f}x"
    )


def _shown_and_summed(path: Path) -> None:
    film = read_film(path)
    film.shown()
    _ = film.image


def _turns(*works: Callable[[], object]) -> list[float]:
    """Return the shortest time of each in ms, over several rounds in which each has its turn."""
    best = [float("inf")] * len(works)
    for _ in range(_TIMES):
        for place, work in enumerate(works):
            begin = time.perf_counter()
            work()
            best[place] = min(best[place], (time.perf_counter() - begin) * 1e3)
    return best


def listing(films: list[Path]) -> None:
    """List a folder of many copies, from memory: the scan itself, and the verb with its start."""
    with tempfile.TemporaryDirectory() as name:
        for number in range(_COPIES):
            path = films[number % len(films)]
            target = Path(name) / f"{number // 500:03}"
            target.mkdir(exist_ok=True)
            shutil.copyfile(path, target / f"{number:05}.dcm")
        begin = time.perf_counter()
        found = sum(scan.header is not None for scan in scan_films(list_files([Path(name)])))
        scanned = time.perf_counter() - begin
        begin = time.perf_counter()
        verb = (sys.executable, "-m", "spinegrade", "image", name)
        subprocess.run(verb, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        listed = time.perf_counter() - begin
    print(f"folder of {found:,} films: {found / scanned:,.0f} a second on one core (bar 1,000)")
    print(f"  spinegrade image FOLDER: {listed:.1f} s, {found / listed:,.0f} a second with start and table")


if __name__ == "__main__":
    main()
