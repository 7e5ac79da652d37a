"""``spinegrade rules``: what the grades are made by."""

from __future__ import annotations

import hashlib
import tomllib
from importlib import resources

from spinegrade.rules import load_rule, rule_ids
from spines import invoke


class TestRules:
    def test_are_listed_with_revision_and_source(self):
        said = invoke("rules")
        assert (said.code, said.err) == (0, "")
        lines = said.out.splitlines()
        assert [line.split()[0] for line in lines[::2]] == list(rule_ids())
        for rule in map(load_rule, rule_ids()):
            assert f"revision {rule.revision}  {rule.title}" in said.out
            assert f"{rule.citation}{f' doi:{rule.doi}' if rule.doi else ''}\n" in said.out

    def test_one_that_is_not_run_says_so(self):
        lines = {line.split()[0]: line for line in invoke("rules").out.splitlines() if "revision" in line}
        assert lines["bhof-2022-vertebral"].endswith("(unconfirmed: not run)")
        assert lines["iscd-2007-vfa"].endswith("(needs-table: not run)")
        assert "not run" not in lines["iscd-child-r01-vertebral"]

    def test_a_rule_is_shown_as_it_is_written(self):
        said = invoke("rules", "genant-1993")
        text = (resources.files("spinegrade.rules") / "genant-1993.toml").read_text(encoding="utf-8")
        first, _, rest = said.out.partition("\n")
        assert (said.code, said.err, rest) == (0, "", text)
        assert first == f"# genant-1993 revision 1 sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def test_what_is_shown_is_a_rule_file_itself(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_text(invoke("rules", "genant-1993").out)
        assert tomllib.loads(path.read_text())["id"] == "genant-1993"
        assert invoke("rules", path).code == 0

    def test_an_unknown_rule(self):
        said = invoke("rules", "genant-1894")
        assert (said.code, said.out) == (1, "")
        known = ", ".join(rule_ids())
        assert said.err == f"spinegrade: rules: expected {known} or a .toml file, got 'genant-1894'\n"

    def test_a_file_that_is_not_there(self, tmp_path):
        said = invoke("rules", tmp_path / "none.toml")
        assert (said.code, len(said.lines)) == (1, 1)
        assert "none.toml: expected a rule file, got No such file or directory" in said.err
