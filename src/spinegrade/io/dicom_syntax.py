"""Transfer syntaxes: how a film's pixels are stored, and which decoder reads each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from spinegrade.errors import FormatError
from spinegrade.io.dicom_elements import whole

if TYPE_CHECKING:
    from pydicom import Dataset


@frozen
class Decoder:
    """The one decoder for a transfer syntax: its name to pydicom, in words, and its package.

    One only: falling back on others ended the process on broken streams.
    """

    plugin: str
    words: str
    package: str


_PYDICOM = Decoder("pydicom", "pydicom", "pydicom")
_PILLOW = Decoder("pillow", "pillow", "pillow")
_GDCM = Decoder("gdcm", "python-gdcm", "python-gdcm")
_JPEG_LS = Decoder("pyjpegls", "pyjpegls", "pyjpegls")
_JPEG_2000 = Decoder("pylibjpeg", "pylibjpeg-openjpeg", "pylibjpeg-openjpeg")
_TWELVE_BITS = Decoder("pylibjpeg", "the GPL-licensed pylibjpeg-libjpeg and no other", "pylibjpeg-libjpeg")

JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS = ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")

_DECODERS = {
    "1.2.840.10008.1.2.4.50": _PILLOW,
    JPEG_EXTENDED: _PILLOW,
    **dict.fromkeys(JPEG_LOSSLESS, _GDCM),
    "1.2.840.10008.1.2.4.80": _JPEG_LS,
    "1.2.840.10008.1.2.4.81": _JPEG_LS,
    "1.2.840.10008.1.2.4.90": _JPEG_2000,
    "1.2.840.10008.1.2.4.91": _JPEG_2000,
    "1.2.840.10008.1.2.4.201": _JPEG_2000,
    "1.2.840.10008.1.2.4.202": _JPEG_2000,
    "1.2.840.10008.1.2.4.203": _JPEG_2000,
    "1.2.840.10008.1.2.5": _PYDICOM,
}

DECODERS = (_PYDICOM, _PILLOW, _GDCM, _JPEG_LS, _JPEG_2000, _TWELVE_BITS)
"""Every decoder that is ever asked."""


def syntax_uid(dataset: Dataset) -> Any:  # noqa: ANN401  pydicom's UID, or None
    """Return the transfer syntax that the file names, None where it names none."""
    return dataset.file_meta.get("TransferSyntaxUID") if hasattr(dataset, "file_meta") else None


def assume_syntax(dataset: Dataset, where: str, notes: list[str], *, compressed: bool) -> None:
    """Give a dataset that names no transfer syntax the one by which its header could be read.

    Raises
    ------
    FormatError
        If its pixels are compressed, which nobody can guess.
    """
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    if syntax_uid(dataset):
        return
    if compressed:
        msg = f"{where}: expected a transfer syntax for its compressed pixels, got none"
        raise FormatError(msg)
    implicit, little = dataset.original_encoding
    explicit = ExplicitVRBigEndian if little is False else ExplicitVRLittleEndian
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
    notes.append(f"no transfer syntax is named; read as {syntax_name(dataset)}")


def refuse_without_decoder(dataset: Dataset, where: str) -> None:
    """Refuse a film whose decoder is not installed, or that nothing decodes.

    Raises
    ------
    FormatError
        If it is; it says which package to install.
    """
    using = decoder(dataset)
    if not is_compressed(dataset):
        return
    if using is None:
        msg = f"{where}: expected pixels in a transfer syntax that is read, got {syntax_name(dataset)}"
        raise FormatError(msg)
    from pydicom.pixels.decoders.base import get_decoder

    if using.plugin not in get_decoder(syntax_uid(dataset)).available_plugins:
        pixels = f"pixels in {syntax_name(dataset)} (decoded by {using.words})"
        msg = f"{where}: expected {pixels}, got no such decoder: pip install {using.package}"
        raise FormatError(msg)


def syntax_name(dataset: Dataset) -> str:
    """Return the transfer syntax in the words of DICOM."""
    uid = syntax_uid(dataset)
    return str(uid.name) if uid and uid.is_transfer_syntax else "an unknown transfer syntax"


def is_compressed(dataset: Dataset) -> bool:
    """Return whether pixels are compressed one by one, rather than the file as a whole or not at all."""
    uid = syntax_uid(dataset)
    return bool(uid and uid.is_transfer_syntax and uid.is_compressed and not uid.is_deflated)


def decoder(dataset: Dataset) -> Decoder | None:
    """Return the decoder for the film, None where none is needed or known."""
    uid = str(syntax_uid(dataset))
    if uid == JPEG_EXTENDED and whole(dataset, "BitsStored") != 8:
        return _TWELVE_BITS
    return _DECODERS.get(uid)
