"""Films broken at random: a film comes out, or one of our errors in a line without a name; nothing else."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.uid import JPEGLosslessSV1

from films import SECRETS, lookup_table, lossless_jpeg, ramp, write_encapsulated, write_film
from spinegrade.errors import SpinegradeError
from spinegrade.io.film import open_film
from spinegrade.io.film_header import read_header


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Give the bytes of some films, and a place to break them in."""
    folder = tmp_path_factory.mktemp("films")
    plain = write_film(folder / "plain.dcm", VOILUTSequence=[lookup_table(0, np.arange(99), 12)])
    coded = write_encapsulated(folder / "coded.dcm", lossless_jpeg(ramp(), 12), JPEGLosslessSV1)
    picture = io.BytesIO()
    Image.fromarray(ramp()).save(picture, "TIFF")
    return folder, [(".dcm", plain.read_bytes()), (".dcm", coded.read_bytes()), (".tif", picture.getvalue())]


changes = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), max_size=6
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.integers(0, 2), changes=changes, share=st.just(1.0) | st.floats(0, 1))
def test_nothing_but_films_and_errors_comes_out(films, caplog, which, changes, share):
    folder, sound = films
    suffix, whole = sound[which]
    content = bytearray(whole)
    for place, found in changes:
        begin = int(place * len(content))
        content[begin : begin + len(found)] = found
    path = folder / f"film{suffix}"
    path.write_bytes(content[: int(share * len(content))])
    for read in (lambda at: open_film(at).shown(), read_header):
        caplog.clear()
        try:
            read(path)
            said = ""
        except SpinegradeError as error:
            said = str(error)
        assert "\n" not in said
        assert not any(secret in text for secret in SECRETS for text in (said, caplog.text))


def test_sound_ones_are_read(films):
    """Or the test above would be content with errors alone."""
    folder, sound = films
    for suffix, content in sound:
        path = folder / f"sound{suffix}"
        path.write_bytes(content)
        assert open_film(path).shown().shape == (40, 50)
        assert read_header(path).columns == 50
