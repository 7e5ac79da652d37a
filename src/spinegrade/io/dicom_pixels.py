"""The stored pixels of a DICOM film."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np

from spinegrade.errors import FormatError
from spinegrade.io.dicom_elements import element, plain_errors, whole
from spinegrade.io.dicom_required import high_shift
from spinegrade.io.dicom_size import promised_size, refuse_missing_pixels, refuse_other_sizes, whole_frames
from spinegrade.io.dicom_syntax import (
    JPEG_LOSSLESS,
    decoder,
    is_compressed,
    refuse_without_decoder,
    syntax_name,
    syntax_uid,
)
from spinegrade.io.dicom_words import caught_words
from spinegrade.io.film_pixels import one_channel
from spinegrade.io.lossless_jpeg import Shape, checked_stream

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset


def stored_pixels(dataset: Dataset, where: str, frame: int, notes: list[str]) -> NDArray[np.generic]:
    """Return the ``(rows, columns)`` stored pixels of a frame; grey even where the file has colours.

    Raises
    ------
    FormatError
        If there is no such frame, the file cannot hold the pixels, or they cannot be decoded.
    """
    rows, columns = promised_size(dataset, where)
    frames = whole(dataset, "NumberOfFrames") or 1
    if not 1 <= frame <= frames:
        msg = f"{where}: expected a frame from 1 to {frames}, got {frame}"
        raise FormatError(msg)
    data = element(dataset, "PixelData")
    data = data if isinstance(data, bytes) else b""
    refuse_missing_pixels(dataset, len(data), frame, where)
    if is_compressed(dataset):
        refuse_other_sizes(data, where)
    else:
        _leave_whole_frames(dataset, len(data), where, notes)
    grey = _grey(dataset, _decoded(dataset, frame, where, notes), notes)
    if grey.shape != (rows, columns):
        msg = f"{where}: expected {rows} x {columns} pixels, got {' x '.join(map(str, grey.shape))}"
        raise FormatError(msg)
    return grey.astype(grey.dtype.newbyteorder("="), copy=False)


def _leave_whole_frames(dataset: Dataset, size: int, where: str, notes: list[str]) -> None:
    """Let a film whose last frames are cut off have only those that are not."""
    frames = whole(dataset, "NumberOfFrames") or 1
    there = whole_frames(dataset, size, where)
    if there < frames:
        dataset.NumberOfFrames = there
        notes.append(f"the file is cut off: of {frames} frames the first {there} are whole")


def _decoded(dataset: Dataset, frame: int, where: str, notes: list[str]) -> NDArray[np.generic]:
    using = decoder(dataset)
    refuse_without_decoder(dataset, where)
    needs = f" (decoded by {using.words})" if using else ""
    with plain_errors(where, f"pixels in {syntax_name(dataset)}{needs}"):
        from pydicom.pixels.utils import pixel_array

        if syntax_uid(dataset) in JPEG_LOSSLESS:
            _check_lossless(dataset, frame, where)
            frame = 1
        shift = high_shift(dataset, notes)
        if shift:  # the upper bits are to be decoded too
            dataset.BitsStored = (whole(dataset, "BitsStored") or 0) + shift
        plugin = using.plugin if using else ""
        with caught_words(notes) if using else nullcontext():
            decoded: NDArray[np.generic] = pixel_array(dataset, index=frame - 1, decoding_plugin=plugin)
        return np.right_shift(decoded, shift) if shift else decoded


def _check_lossless(dataset: Dataset, frame: int, where: str) -> None:
    """Leave the one frame in the film that is wanted, its stream checked."""
    from pydicom.encaps import encapsulate, get_frame

    frames = whole(dataset, "NumberOfFrames") or 1
    stream = get_frame(dataset.PixelData, frame - 1, number_of_frames=frames)
    shape = Shape(
        *promised_size(dataset, where),
        samples=whole(dataset, "SamplesPerPixel") or 1,
        bits_allocated=whole(dataset, "BitsAllocated") or 0,
        bits_stored=whole(dataset, "BitsStored") or 0,
    )
    dataset.PixelData = encapsulate([checked_stream(stream, shape, where)], has_bot=False)
    dataset.NumberOfFrames = 1


def _grey(dataset: Dataset, decoded: NDArray[np.generic], notes: list[str]) -> NDArray[np.generic]:
    """Return one value a pixel."""
    if "PALETTE" in str(dataset.get("PhotometricInterpretation", "")):
        from pydicom.pixels.processing import apply_color_lut

        decoded = apply_color_lut(decoded, dataset)
    return decoded if decoded.ndim == 2 else one_channel(decoded, "film", notes)
