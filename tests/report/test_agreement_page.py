"""The agreement page as a browser gets it: what it shows has to be what the analysis says."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import polars as pl
import pytest
from attrs import evolve

from films import SECRETS
from read_films import make_reading, pictures, read_on, save, take_apart, write_shadow
from reader_agreement.graded import FEW, readings, spine, three_readers, two_by_two
from reader_agreement.test_scatter import moved
from spinegrade.anatomy import GRADED
from spinegrade.assess import Method, grade_rows
from spinegrade.io.sources import open_sources
from spinegrade.reader_agreement import (
    LANDMARK_SCATTER,
    Asking,
    Provenance,
    analyse,
    analyse_landmarks,
    compare,
    find_measure,
    gather_landmarks,
    pick,
    place_landmarks,
    tabulate,
    words,
)
from spinegrade.report import agreement_plots
from spinegrade.report.agreement_drawing import READER_COLOURS, Bodies, draw_overlay
from spinegrade.report.agreement_films import draw_worst
from spinegrade.report.agreement_page import Study, make_agreement_page
from spines import invoke, sound

MADE = Provenance(
    command="spinegrade agree SOURCE... --seed 0",
    files=1,
    sha256="0" * 64,
    rules=f"genant-1993 revision 1 sha256:{'1' * 64}",
    reference="standard",
    levels="T4-L4",
    resamples=100,
    seed=0,
    confidence=0.95,
    versions={"spinegrade": "0", "numpy": "2"},
)


def subject(rows, landmarks, measure, asking, by="vertebra"):
    if measure == LANDMARK_SCATTER:
        return place_landmarks(landmarks, GRADED)
    return compare(tabulate(rows, GRADED), find_measure(measure, by), asking, by)


@pytest.fixture
def make(tmp_path):
    """Give a function that makes the page of readings, and returns its text and the studies on it."""

    def page(*spines, measures=("grade",), by="vertebra", made=MADE, **asked):
        asking = Asking(**({"plan": FEW} | asked))
        frame = readings(*spines)
        path = tmp_path / "readings.csv"
        frame.write_csv(path)
        sources = open_sources([path]).sources
        rows, landmarks = grade_rows(sound(frame), Method()), gather_landmarks(sources, Method()).rows
        subjects = [subject(rows, landmarks, one, asking, by) for one in measures]
        drawn = draw_worst(subjects, landmarks, sources, (), GRADED)
        analyses = [
            analyse_landmarks(one, asking) if name == LANDMARK_SCATTER else analyse(one)
            for one, name in zip(subjects, measures, strict=True)
        ]
        studies = [Study(*one) for one in zip(analyses, subjects, drawn.films, strict=True)]
        return make_agreement_page(studies, drawn.pictures, made, Method(), asking), studies

    return page


@pytest.fixture
def page(make):
    """Give a function that makes a page and takes it apart."""
    return lambda *spines, **options: take_apart(make(*spines, **options)[0])


def cells(table):
    """Return the rows of a table as words."""
    return [
        [cell.text for cell in row.walk() if cell.tag in ("th", "td")]
        for row in table.one("tbody").every("tr")
    ]


class TestWhole:
    def test_needs_nothing_from_elsewhere(self, make):
        html, _ = make(*three_readers())
        assert "<script" not in html
        assert not re.search(r"(src|href)=\"(?!#|data:)", html)
        assert "url(" not in html
        assert "default-src 'none'" in html

    def test_has_every_part(self, page):
        found = page(*three_readers(), reference="consensus", random_readers=True)
        headings = [one.text for tag in ("h2", "h3") for one in found.every(tag)]
        for heading in (
            "All readers",
            "Which categories meet",
            "Each reader less the mean of the others who read the same, grades",
            "Pairs of readers: Cohen's kappa, linear weights",
            "By level, all readers: Fleiss' kappa, linear weights",
            "Against the consensus of the other readers",
            "For other readers than these",
            "Where readers differ most",
            "Published figures for the same task",
            "Methods",
            "To make this page again",
        ):
            assert heading in headings
        assert "Research software, no medical device." in found.text

    def test_says_what_the_summary_says(self, make):
        html, (study,) = make(*three_readers())
        said = take_apart(html).one("section", class_="said").text
        assert said == " ".join(words.summary(study.analysis, ("linear",)))

    def test_of_several_measures_has_a_list_of_them(self, page):
        found = page(*three_readers(), measures=("fracture", "height-loss", "landmarks"))
        links = found.one("nav").every("a")
        assert [one.text for one in links] == ["Fracture", "Height loss", "Landmarks"]
        ids = {one.attributes.get("id") for one in found.walk()}
        assert {one.attributes["href"].removeprefix("#") for one in links} <= ids

    def test_every_id_is_there_once_and_what_is_labelled_exists(self, page):
        options = {"reference": "R1", "random_readers": True}
        for measures, given in ((("grade", "fracture"), options), (("anterior", "landmarks"), {})):
            found = page(*three_readers(), measures=measures, **given)
            ids = [one.attributes["id"] for one in found.walk() if "id" in one.attributes]
            assert len(ids) == len(set(ids))
            labels = [
                one.attributes["aria-labelledby"]
                for one in found.walk()
                if "aria-labelledby" in one.attributes
            ]
            assert set(labels) <= set(ids)

    def test_names_that_look_like_markup_are_words(self, page):
        spines = [
            one.with_columns(reader=pl.lit(f"<b>{reader}&"))
            for reader in ("R1", "R2")
            for one in (spine("A<i>", reader, (0, int(reader == "R1"), 0, 0)),)
        ]
        found = page(*spines)
        assert "<b>R1&" in found.text
        assert found.every("b") == found.every("i") == []


class TestTables:
    def test_statistics_are_those_of_the_analysis(self, make):
        html, (study,) = make(*three_readers())
        found = cells(take_apart(html).every("table", class_="statistics")[0])
        whole = [one for one in study.analysis.between if one.readers is None]
        assert len(found) == len(whole)
        for row, one in zip(found, whole, strict=True):
            assert row[0] == words.title(one, study.analysis.measure)
            assert row[1] == words.number(one.value)
            assert row[5:] == [f"{one.n}", f"{one.clusters}"]

    def test_few_patients_have_a_star_and_a_warning(self, page):
        found = page(*two_by_two())
        assert "Only 2 patients: with fewer than 15" in found.one("div", class_="remarks").text
        assert cells(found.every("table", class_="statistics")[0])[0][-1] == "2 *"
        assert page(*three_readers()).every("div", class_="remarks") == []

    def test_confusion_counts(self, page):
        tables = page(*two_by_two(), measures=("fracture",)).every("table", class_="confusion")
        assert [cells(one) for one in tables] == [
            [["no", "10", "1"], ["yes", "1", "4"]],
            [["no", "5", "0"], ["yes", "1", "2"]],
        ]

    def test_reasons_are_said(self, page):
        spines = [spine(p, r, (0, 0, 0, 0)) for p in "AB" for r in ("R1", "R2")]
        assert "every rating is in one category" in page(*spines).one("ul", class_="counts").text

    def test_sensitivity_and_mcnemar(self, page):
        found = page(*two_by_two(), measures=("fracture",), reference="R1")
        tables = [cells(one) for one in found.every("table", class_="statistics")]
        assert [row[:2] for row in tables[1]] == [["R2: Sensitivity", "0.667"], ["R2: Specificity", "1.000"]]
        assert tables[2][0][:3] == ["R2", "0", "1"]

    def test_published_figures_stand_below_ours(self, page):
        rows = cells(page(*three_readers()).one("table", class_="published"))
        assert rows[0][0] == "this study"
        (ferrar,) = [row for row in rows if row[2] == "0.53 (0.46 to 0.60)"]
        assert ferrar[-1] == "Ferrar et al. 2008, J Bone Miner Res 23:417, PMID 17967136"

    def test_published_figures_stand_beside_kappas_of_the_same(self, make):
        """Grades: ours without weights, and that of fractures; nothing weighted, no methods, no reference."""
        html, (study,) = make(*three_readers())
        rows = cells(take_apart(html).one("table", class_="published"))
        ours = {row[1].split(",")[0]: row for row in rows if row[0] == "this study"}
        plain = pick(study.analysis.between, "fleiss_kappa", "unweighted")
        assert list(ours) == ["Genant grade", "Fracture (grade 1 or more)"]
        assert ours["Genant grade"][2] == f"{plain.value:.3f} ({plain.low:.3f} to {plain.high:.3f})"
        assert ours["Genant grade"][3:5] == ["Fleiss' kappa", "none"]
        _, (fracture,) = make(*three_readers(), measures=("fracture",))
        alone = pick(fracture.analysis.between, "fleiss_kappa", "unweighted")
        assert ours["Fracture (grade 1 or more)"][2].startswith(f"{alone.value:.3f} ")
        assert ours["Fracture (grade 1 or more)"][4] == "none: two categories"
        published = [row for row in rows if row[0] != "this study"]
        assert {row[5] for row in published} == {"between readers"}
        assert {row[4] for row in published} == {"none: two categories", "not said"}
        assert not [row for row in published if "grade 2 or more" in row[1] or "weighted" in row[3]]

    def test_weighted_figures_stand_beside_weighted_kappas(self, page):
        rows = cells(page(*three_readers(), by="patient").one("table", class_="published"))
        (buckens,) = [row for row in rows if row[3] == "weighted kappa"]
        assert buckens[4] == "weighted, not said how"
        assert [row[4] for row in rows if row[0] == "this study"] == [
            "none",
            "none: two categories",
            "linear",
            "quadratic",
        ]

    def test_figures_within_readers_and_against_a_reference_need_the_like(self, page):
        repeats = [
            spine(f"P{n}", "R1", (0, n % 2, 2, (n + occasion) % 2), occasion=occasion)
            for n in range(8)
            for occasion in (1, 2)
        ]
        others = [spine(f"P{n}", "R2", (0, n % 2, 2, 0)) for n in range(8)]
        rows = cells(page(*repeats, *others, measures=("fracture",)).one("table", class_="published"))
        assert {row[5] for row in rows} == {"between readers", "within readers", "between and within readers"}
        assert "Cohen's kappa" in {row[3] for row in rows if row[0] == "this study"}
        rows = cells(
            page(*repeats, *others, measures=("fracture",), reference="R1").one("table", class_="published")
        )
        assert {"Sensitivity", "Specificity"} <= {row[3] for row in rows if row[5] == "against a reference"}
        assert "two methods" not in {row[5] for row in rows}

    def test_heights_stand_beside_coefficients_of_variation(self, page):
        rows = cells(page(*three_readers(), measures=("anterior",)).one("table", class_="published"))
        ours = "RMS-CV of a reading, of the item's mean"
        assert {row[3] for row in rows} == {ours, "coefficient of variation"}
        assert page(*three_readers(), measures=("landmarks",)).every("table", class_="published") == []

    def test_measures_without_published_figures_have_no_table(self, page):
        assert page(*three_readers(), measures=("area-loss",)).every("table", class_="published") == []

    def test_landmarks_have_their_scatter(self, page):
        frames = [spine("A", "R1", (0, 0, 0, 0)), moved(spine("A", "R2", (0, 0, 0, 0)), 2.0)]
        found = page(*frames, measures=("landmarks",))
        rows = cells(found.every("table", class_="statistics")[0])
        assert rows[0][:2] == ["All readers: SD of every landmark along the height", "1.41 px"]
        assert len(found.every("svg", class_="overlay")) == 2

    def test_repeats_have_a_table_and_a_plot(self, page):
        spines = [
            spine(patient, reader, (0, 1, 2, n % 2), occasion=n)
            for patient in "AB"
            for reader in ("R1", "R2")
            for n in (1, 2)
        ]
        found = page(*spines)
        assert "R1: Cohen's kappa, linear weights" in found.text
        assert "Readers with themselves: Cohen's kappa, linear weights" in [
            one.text for one in found.every("h3")
        ]
        found = page(*spines, measures=("height-loss", "landmarks"))
        assert "Scatter of landmarks, readers' own repeats, in px" in [one.text for one in found.every("h3")]


class TestForests:
    def test_places_are_those_of_the_values(self, make):
        """On an axis from 0 to 1 a place in percent is the value times 100."""
        html, (study,) = make(*three_readers(), measures=("fracture",))
        plot = next(
            one
            for one in take_apart(html).every("div", class_="forest")
            if one.one("h3").text.startswith("By level")
        )
        levels = {group.name: group.estimates for group in study.analysis.groups if group.by == "level"}
        tracks = [one for one in plot.every("div", class_="track") if "axis" not in one.attributes["class"]]
        assert [one.one("span", class_="name").text for one in tracks] == list(levels)
        ticks = {float(one.text): one.attributes["x"] for one in plot.every("text")}
        assert (ticks[0.0], ticks[1.0]) == ("0%", "100%")
        for track, estimates in zip(tracks, levels.values(), strict=True):
            kappa = next(one for one in estimates if one.statistic == "fleiss_kappa")
            marks = [one.attributes["cx"] for one in track.every("circle")]
            assert marks == (
                [] if kappa.value is None else [f"{100 * kappa.value:.2f}".rstrip("0").rstrip(".") + "%"]
            )

    def test_biases_have_0_in_the_middle(self, page):
        found = page(*three_readers())
        plot = next(
            one for one in found.every("div", class_="forest") if "less the mean" in one.one("h3").text
        )
        assert {one.attributes["x1"] for one in plot.every("line", class_="zero")} == {"50%"}
        circles = [float(one.attributes["cx"].rstrip("%")) for one in plot.every("circle")]
        assert circles[0] == circles[1] < 50 < circles[2]

    def test_nothing_to_draw_is_not_drawn(self, page):
        found = page(spine("A", "R1", (0, 1, 0, 0)), spine("B", "R2", (0, 0, 0, 0)))
        assert found.every("div", class_="forest") == []

    @pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.003, 0.002), (0.0, 1234.0), (-1.0, 1.0)])
    def test_ticks_are_round_numbers_on_the_axis(self, low, high):
        axis = agreement_plots._Axis(low, high)
        values = [float(text) for _, text in axis.ticks()]
        assert 2 <= len(values) <= 8
        assert all(low - 1e-9 <= value <= high + 1e-9 for value in values)
        assert [axis.place(value) for value in values] == pytest.approx([place for place, _ in axis.ticks()])


class TestDifferences:
    def plots(self, found):
        return found.every("svg", class_="differences")

    def test_of_every_pair_with_the_bias_and_limits_of_the_analysis(self, make):
        spines = [
            spine(f"P{n}", reader, (0, n % 3, 1, int(reader == "R1")))
            for n in range(16)
            for reader in ("R1", "R2", "R3")
        ]
        html, (study,) = make(*spines, measures=("height-loss",))
        found = take_apart(html)
        assert len(self.plots(found)) == 3
        first = self.plots(found)[0]
        assert len(first.every("circle", class_="dot")) == 64
        said = [one.text for one in first.every("text", class_="words")]
        bias = next(
            one for one in study.analysis.between if (one.statistic, one.readers) == ("bias", ("R1", "R2"))
        )
        assert f"bias {words.number(bias.value)}" in said
        assert len(said) == 3

    def test_a_difference_that_grows_with_size_has_its_line(self, make):
        spines = [
            spine(f"P{n}", reader, (0, 1, 2, 3 if reader == "R1" else 2))
            for n in range(16)
            for reader in ("R1", "R2")
        ]
        spines = [
            one if n % 4 else one.with_columns(pl.col("superior_anterior_row") + 0.3)
            for n, one in enumerate(spines)
        ]
        html, _ = make(*spines, measures=("height-loss",))
        assert len(take_apart(html).every("line", class_="slope")) == 1

    def test_many_points_are_thinned_and_it_is_said(self, monkeypatch, page):
        monkeypatch.setattr(agreement_plots, "MOST_POINTS", 20)
        spines = [spine(f"P{n}", r, (0, 1, 2, n % 3)) for n in range(16) for r in ("R1", "R2")]
        found = page(*spines, measures=("height-loss",))
        assert len(self.plots(found)[0].every("circle", class_="dot")) == 16
        assert "every 4th of 64 items" in found.text

    def test_a_single_common_item_has_no_plot(self, page):
        spines = [spine("A", "R1", (1, 0, None, None)), spine("A", "R2", (None, 0, 1, 0))]
        assert self.plots(page(*spines, measures=("height-loss",))) == []


class TestFilms:
    def test_show_all_readers_and_mark_where_they_differ(self, page):
        found = page(*two_by_two())
        (case,) = found.every("figure", class_="case")
        whole, close = case.every("svg", class_="overlay")
        assert {one.attributes["class"] for one in whole.every("g") if "data-level" in one.attributes} >= {
            "r-0",
            "r-1",
        }
        assert [one.text for one in whole.every("g", class_="split")] == ["T10 1 / 0"]
        assert [one.text for one in whole.every("g", class_="alike")] == ["T11", "T12", "L1"]
        assert len(whole.every("polygon")) == 8
        assert cells(case.one("table", class_="splits")) == [["T10", "1", "0"]]
        assert "T10 from close by" in case.text
        assert close.every("polygon")

    def test_measurements_mark_the_worst_three(self, page):
        spines = [spine("A", "R1", (0, 1, 2, 3)), spine("A", "R2", (1, 2, 3, 2))]
        found = page(*spines, measures=("height-loss",))
        whole = found.every("svg", class_="overlay")[0]
        assert len(whole.every("g", class_="split")) == 3
        assert all(re.fullmatch(r"[TL]\d+", one.text) for one in whole.every("g", class_="split"))

    def test_spines_show_the_body_that_is_farthest_apart(self, page):
        found = page(*two_by_two(), measures=("sdi",), by="patient")
        (case,) = found.every("figure", class_="case")
        assert cells(case.one("table", class_="splits")) == [["Spine", "4.000", "3.000"]]
        assert "T10 from close by" in case.text

    def test_levels_below_six_are_counted(self, page):
        levels = GRADED.levels[4:11]
        spines = [spine("A", r, [int(r == "R1")] * 7, levels=levels) for r in ("R1", "R2")]
        assert "and 1 more level" in page(*spines).one("figure", class_="case").text

    def test_vertebrae_without_landmarks_are_passed_over(self, page):
        blind = spine("A", "R2", (0, 0, 0, 0)).with_columns(
            pl.when(pl.col("level") != "T12").then(pl.col(name)).alias(name)
            for name in spine("A", "R2", (0, 0, 0, 0)).columns
            if name.endswith(("_row", "_column"))
        )
        found = page(spine("A", "R1", (0, 2, 0, 0)), blind)
        assert len(found.every("svg", class_="overlay")[0].every("polygon")) == 7

    def test_are_there_once_as_pictures_behind_the_landmarks(self, tmp_path):
        reading = make_reading(lost={})
        film = write_shadow(tmp_path / "film.dcm", reading)
        for n, lost in enumerate(({}, {"T12": (0.3, 0.1, 0.0)})):
            save(read_on(make_reading(reader=f"R{n}", lost=lost), film), tmp_path / f"{n}.reading.json")
        files = sorted(tmp_path.glob("*.reading.json"))
        measures = ("-m", "grade", "-m", "height-loss")
        said = invoke("agree", *files, *measures, "--resamples", 100, "--html", tmp_path / "a.html")
        assert said.code == 0
        text = (tmp_path / "a.html").read_text(encoding="utf-8")
        page = take_apart(text)
        assert len(pictures(page)) == 1
        assert {one.attributes["href"] for one in page.every("use")} == {"#film-1"}
        assert not [secret for secret in (*SECRETS, "film.dcm") if secret in text]

    def test_are_found_past_readings_that_cannot_be_read(self, tmp_path):
        reading = make_reading(lost={})
        film = write_shadow(tmp_path / "film.dcm", reading)
        for n, lost in enumerate(({}, {"T12": (0.3, 0.1, 0.0)})):
            save(read_on(make_reading(reader=f"R{n}", lost=lost), film), tmp_path / f"{n}.reading.json")
        save(make_reading(exam="E2", reader="R1"), tmp_path / "other.reading.json")
        (tmp_path / "damaged.reading.json").write_text("{")
        said = invoke("agree", tmp_path, "--resamples", 100, "--html", tmp_path / "a.html", "--keep-going")
        assert said.code == 1
        assert len(pictures(take_apart((tmp_path / "a.html").read_text(encoding="utf-8")))) == 1

    def test_of_landmark_tables_are_found_by_name(self, tmp_path):
        """The film that a table names lies beside it."""
        spines = [spine("A", r, (0, int(r == "R1"), 0, 0), image="film.dcm") for r in ("R1", "R2")]
        readings(*spines).write_csv(tmp_path / "a.csv")
        write_shadow(tmp_path / "film.dcm", evolve(make_reading(), vertebrae=()), (400, 400))
        said = invoke("agree", tmp_path / "a.csv", "--resamples", 100, "--html", tmp_path / "a.html")
        assert said.code == 0
        assert len(pictures(take_apart((tmp_path / "a.html").read_text(encoding="utf-8")))) == 1


class TestDrawing:
    def bodies(self, readers=1, front=-1):
        """Return two bodies by so many readers, each 10 wide and high."""
        points = np.array([[0, 0], [5, 0], [10, 0], [0, 10], [5, 10], [10, 10]], dtype=float) * (-front, 1)
        every = np.concatenate([[points, points + np.array([0, 15])] for _ in range(readers)])
        return Bodies(tuple(n // 2 for n in range(2 * readers)), ("T11", "T12") * readers, every)

    def test_labels_stand_in_front_of_the_bodies(self):
        for front, anchor in ((-1, "end"), (1, "start")):
            drawn = draw_overlay(self.bodies(front=front), {"T12": ("0", "2")}, "T12").whole
            assert {one.anchor for one in drawn.notes} == {anchor}
            xs = [one.x for one in drawn.notes]
            assert max(xs) < 0 if front < 0 else min(xs) > 0
            assert [(one.words, one.split) for one in drawn.notes] == [("", False), ("0 / 2", True)]

    def test_the_drawing_holds_bodies_and_labels(self):
        box = draw_overlay(self.bodies(), {"T12": ("0.123", "0.456")}, "T12").whole.box
        assert box.left < -20
        assert box.right > 10
        assert (box.top < 0, box.bottom > 25) == (True, True)

    def test_a_ninth_reader_is_dashed(self):
        drawn = draw_overlay(self.bodies(READER_COLOURS + 1), {}, None).whole
        assert [one.colour for one in drawn.contours if one.dashed] == [0, 0]

    def test_a_level_without_landmarks_has_no_label(self):
        bodies = self.bodies(2)
        bodies.points[[1, 3]] = np.nan
        assert [one.level for one in draw_overlay(bodies, {}, None).whole.notes] == ["T11"]

    def test_one_reader_has_nothing_from_close_by(self):
        assert draw_overlay(self.bodies(), {}, None).close is None

    def test_no_landmark_at_all(self):
        bodies = Bodies((0,), ("T12",), np.full((1, 6, 2), np.nan))
        overlay = draw_overlay(bodies, {}, None)
        assert overlay.whole.contours == ()
        assert overlay.whole.aspect == 1


class TestMethods:
    def test_ask_the_study_for_what_the_program_cannot_know(self, page):
        found = page(*three_readers())
        asked = [one.text for one in found.every("p", class_="ask")]
        assert len(asked) == 5
        assert any("training, experience" in one for one in asked)
        assert "doi 10.1016/j.jclinepi.2010.03.002" in found.text

    def test_say_what_was_done(self, page):
        measures = ("grade", "height-loss", "landmarks")
        text = page(*three_readers(), measures=measures, random_readers=True).text
        for said in (
            "kappa by Cohen for pairs",
            "Bland and Altman's",
            "SD of a reading along the height",
            "jackknife",
        ):
            assert said in text
        assert "Sensitivity and specificity against the reference" not in text

    def test_name_occasions_and_percentiles(self, page):
        spines = [spine("A", "R1", (0, 1, 2, n % 2), occasion=n) for n in (1, 2)]
        text = page(*spines, plan=evolve(FEW, method="percentile")).text
        assert "On 2 occasions." in text
        assert "95%, percentile, from 100 resamples" in text

    def test_repeat_it(self, page):
        rows = {
            one.one("dt").text: one.one("dd").text
            for one in page(*three_readers()).every("dl")[-1].every("div")
        }
        assert rows["Command"] == MADE.command
        assert rows["Rule"] == "genant-1993 revision 1"
        assert rows["Rule sha256"] == "1" * 64
        assert rows["Versions"] == "spinegrade 0, numpy 2"
        assert "0" * 64 in rows["Input"]

    def test_several_files_say_how_they_were_hashed(self, page):
        assert (
            "2 files; sha256 of their sorted sha256"
            in page(*three_readers(), made=evolve(MADE, files=2)).text
        )


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_a_browser_reads_it_without_a_word_of_complaint(make, tmp_path):
    """Headless Chromium lays the page out and logs nothing."""
    (tmp_path / "page.html").write_text(make(*three_readers())[0], encoding="utf-8")
    flags = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    )
    flags += "--disable-component-update --disable-sync --enable-logging=stderr --dump-dom"
    done = subprocess.run(
        [
            "chromium",
            *flags.split(),
            f"--user-data-dir={tmp_path / 'profile'}",
            (tmp_path / "page.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Where readers differ most" in done.stdout
    assert "CONSOLE" not in done.stderr
