"""The guide to forms does what it says, and names every form with its status."""

from __future__ import annotations

import json
import re
from pathlib import Path

from spinegrade.qualitative.form import form_ids, load_form
from spinegrade.qualitative.koerber import load_weights
from spinegrade.qualitative.run import TABLE_SCHEMA
from spines import invoke

SAMPLES = Path(__file__).parents[2] / "sample_images" / "landmarks.csv"
GUIDE = (Path(__file__).parents[2] / "docs" / "forms.md").read_text("utf-8")
STATUS_WORDS = {"confirmed": "confirmed", "unconfirmed": "unconfirmed", "needs-table": "needs a table"}


def test_examples_run():
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, {})  # noqa: S102  our own guide


def test_file_of_weights_can_be_read(tmp_path):
    block, _ = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "weights.toml").write_text(block, "utf-8")
    assert load_weights(str(tmp_path / "weights.toml")).levels == "T4-L4"


def test_form_of_ones_own_can_be_read(tmp_path):
    _, block = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "ours.toml").write_text(block, "utf-8")
    form = load_form(str(tmp_path / "ours.toml"))
    assert form.outcome({"cortex": "yes", "where": "top"}).words == "buckled: near the top"


def test_table_of_answers_comes_to_what_the_guide_says(tmp_path):
    (block,) = re.findall(r"```csv\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "answers.csv").write_text(block, "utf-8")
    said = invoke("qualitative", SAMPLES, "--answers", tmp_path / "answers.csv", "--format", "json")
    assert said.code == 0
    found = {(row["form"], row["level"]): row for row in json.loads(said.out) if row["answers"]}
    assert found["mabq-2018", "T8"]["category"] == "mabq3"
    assert found["mimics", "T9"]["category"] == "mimic"
    assert len(found) == 2


def test_every_column_is_explained():
    rows = [line.split("|")[1] for line in GUIDE.splitlines() if line.startswith("| `")]
    named = {name for cell in rows for part in re.findall(r"`([^`]+)`", cell) for name in part.split(", ")}
    assert set(TABLE_SCHEMA) <= named


def test_every_form_is_in_the_tables_with_its_status_questions_and_classes():
    for name in form_ids():
        form = load_form(name)
        status, listed = (line for line in GUIDE.splitlines() if line.startswith(f"| `{name}` |"))
        assert status.split("|")[-2].strip().startswith(STATUS_WORDS[form.status])
        questions, classes = (re.findall(r"`(\w+)`", cell) for cell in listed.split("|")[2:4])
        assert questions == [one.id for one in form.questions if not one.disabled]
        assert classes == list(form.categories)
