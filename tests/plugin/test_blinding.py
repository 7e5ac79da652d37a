"""While a blinded reading is open nothing of other readings is shown."""

from __future__ import annotations

import pytest

from napari_spinegrade.blinding import Blinding
from spinegrade.errors import ReadingError


def test_refuses_while_one_of_several_is_open_and_says_when_that_changes():
    blinding, heard = Blinding(), []
    blinding.changed.connect(heard.append)
    blinding.refuse("Compare readers")
    with blinding.held():
        with blinding.held():
            pass
        assert blinding.is_open
        with pytest.raises(ReadingError, match="Compare readers: expected no blinded reading to be open"):
            blinding.refuse("Compare readers")
    blinding.refuse("Compare readers")
    assert heard == [True, False]


def test_an_error_ends_it_as_well():
    blinding = Blinding()
    with pytest.raises(RuntimeError), blinding.held():
        raise RuntimeError
    assert not blinding.is_open
