"""Orders of reading: the same everywhere, of every kind equally often, nobody's business but the reader's."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from spinegrade.study.sequence import reading_order, study_names

FILMS = [f"F{number:03d}" for number in range(1, 25)]
_NAMES = st.text(min_size=1, max_size=8)


def places(reader, occasion=1, seed=1, films=FILMS):
    """Return the place of each film."""
    order = reading_order(films, seed=seed, reader=reader, occasion=occasion)
    return np.array([order.index(film) for film in films])


class TestOrder:
    def test_is_that_of_the_first_release(self):
        """A stored study goes on in the order in which it began, whatever is installed."""
        got = reading_order(FILMS[:8], seed=20261121, reader="R1", occasion=2)
        assert got == ["F005", "F002", "F006", "F003", "F008", "F007", "F001", "F004"]

    @given(st.integers(0, 2**63), _NAMES, st.integers(1, 20), st.lists(_NAMES, unique=True, max_size=30))
    def test_has_every_film_once(self, seed, reader, occasion, films):
        order = reading_order(films, seed=seed, reader=reader, occasion=occasion)
        assert sorted(order) == sorted(films)
        assert order == reading_order(films[::-1], seed=seed, reader=reader, occasion=occasion)

    @given(st.lists(_NAMES, unique=True, min_size=2, max_size=20))
    def test_keeps_its_places_where_a_film_is_added(self, films):
        before = reading_order(films[1:], seed=1, reader="R1", occasion=1)
        after = reading_order(films, seed=1, reader="R1", occasion=1)
        assert [film for film in after if film != films[0]] == before

    def test_every_order_is_as_likely(self):
        """24 orders of four films, 12,000 readers; a chi-squared of 23 degrees of freedom."""
        seen = Counter(
            tuple(reading_order(FILMS[:4], seed=seed, reader="R1", occasion=1)) for seed in range(12_000)
        )
        counts = [seen[order] for order in itertools.permutations(FILMS[:4])]
        assert stats.chisquare(counts).pvalue > 0.01

    def test_every_film_stands_everywhere_as_often(self):
        every = np.array([places("R1", seed=seed) for seed in range(6_000)])
        table = np.array([np.bincount(column, minlength=len(FILMS)) for column in every.T])
        assert stats.chisquare(table, axis=1).pvalue.min() > 0.01 / len(FILMS)

    def test_of_readers_and_occasions_have_nothing_to_do_with_each_other(self):
        """Rank correlations of pairs: of a mean and a spread that chance gives."""
        pairs = [(places("R1", seed=s), places("R2", seed=s)) for s in range(2_000)]
        pairs += [(places("R1", 1, seed=s), places("R1", 2, seed=s)) for s in range(2_000)]
        found = np.array([np.corrcoef(one, other)[0, 1] for one, other in pairs])
        sd = 1 / np.sqrt(len(FILMS) - 1)
        assert abs(found.mean()) < 3 * sd / np.sqrt(len(found))
        assert abs(found.std() / sd - 1) < 0.05

    def test_words_do_not_run_together(self):
        assert list(places("R1", 11)) != list(places("R11", 1))


class TestNames:
    def test_do_not_tell_the_order_of_the_files(self):
        files = [f"{number:03d}.dcm" for number in range(200)]
        names = study_names(files, seed=3)
        assert sorted(names.values()) == [f"F{number:03d}" for number in range(1, 201)]
        numbers = [int(names[file][1:]) for file in files]
        assert abs(np.corrcoef(numbers, range(200))[0, 1]) < 0.2

    def test_grow_with_the_study(self):
        names = study_names(map(str, range(1000)), seed=3)
        assert {len(name) for name in names.values()} == {5}
