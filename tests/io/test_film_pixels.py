"""What films of every format share: how many pixels are believed, and one grey value for each."""

from __future__ import annotations

import numpy as np
import pytest

from spinegrade.errors import FormatError
from spinegrade.io.film_pixels import MOST_PIXELS, one_channel, refuse_unlikely


class TestRefuseUnlikely:
    @pytest.mark.parametrize(("size", "rows", "columns"), [(0, 2000, 4096), (10**6, 20_000, 25_000)])
    def test_lets_pass_what_bytes_can_hold(self, size, rows, columns):
        refuse_unlikely("f", size, rows, columns)

    @pytest.mark.parametrize(
        ("size", "rows", "columns", "words"),
        [
            (0, 2001, 4096, "expected a size that 0 bytes can hold, got 2001 x 4096 pixels"),
            (5_000, 10_001, 1_000, "expected a size that 5,000 bytes can hold"),
            (10**9, 1, MOST_PIXELS + 1, "expected at most 500,000,000 pixels, got 1 x 500000001"),
        ],
    )
    def test_refuses_what_they_cannot(self, size, rows, columns, words):
        with pytest.raises(FormatError, match=f"^f: {words}"):
            refuse_unlikely("f", size, rows, columns)


class TestOneChannel:
    @pytest.mark.parametrize("channels", [3, 4])
    def test_of_channels_that_are_alike_is_one_of_them(self, channels):
        grey = np.arange(600, dtype=np.uint16).reshape(20, 30)
        notes = []
        np.testing.assert_array_equal(one_channel(np.dstack([grey] * channels), "film", notes), grey)
        assert notes == []

    @pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16])
    def test_of_colours_is_their_luminance_whatever_the_number_of_rows(self, kind):
        colours = np.random.default_rng(1).integers(0, 120, (600, 4, 3)).astype(kind)
        notes = []
        found = one_channel(colours, "film", notes)
        red, green, blue = np.moveaxis(colours.astype(float), -1, 0)
        np.testing.assert_allclose(found, 0.299 * red + 0.587 * green + 0.114 * blue, atol=0.5 + 1e-9)
        assert found.dtype == kind
        assert notes == ["a colour film; its luminance is used"]
