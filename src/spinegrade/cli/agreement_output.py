"""Where the results of ``spinegrade agree`` go: files, and standard output."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING

from attrs import frozen

from spinegrade.cli.options import Shown, say
from spinegrade.errors import FormatError
from spinegrade.io.atomic import check_writable, replacing
from spinegrade.reader_agreement import COLUMNS, as_json, as_rows

if TYPE_CHECKING:
    from pathlib import Path

    from spinegrade.cli.agreement_run import Results, Wish


@frozen
class Outputs:
    """Where results go: files, and standard output."""

    json_file: Path | None
    html: Path | None
    look: Shown | None
    force: bool

    @classmethod
    def of(cls, json_file: Path | None, html: Path | None, look: Shown | None, *, force: bool) -> Outputs:
        """Return the outputs, refusing files that cannot be written before any work is done.

        Raises
        ------
        FormatError
            If a file exists and ``force`` is not given, cannot be written, or has a strange suffix.
        """
        for path, suffixes in ((json_file, (".json",)), (html, (".html", ".htm"))):
            if path is not None:
                _check(path, suffixes, force=force)
        silent = json_file is not None or html is not None
        default = Shown.TABLE if sys.stdout.isatty() else None if silent else Shown.CSV
        return cls(json_file, html, look or default, force)

    def write(self, results: Results, wish: Wish) -> None:
        """Write files whole or not at all, show what is to be shown, and say what has to be known."""
        plain = [as_json(one, results.made) for one in results.analyses]
        text = json.dumps(
            plain[0] if len(plain) == 1 else plain, indent=1, ensure_ascii=False, allow_nan=False
        )
        for path, content in ((self.json_file, f"{text}\n"), (self.html, results.page)):
            if path is not None and content is not None:
                with replacing(path, force=self.force) as temporary:
                    temporary.write_text(content, encoding="utf-8", newline="\n")
                say(f"{path}: {', '.join(one.measure.name for one in results.analyses)}")
        self._show(results, wish, text)
        if self.look is not Shown.TABLE:
            for words in dict.fromkeys(one for each in results.analyses for one in each.warnings):
                say(f"warning: {words}")

    def _show(self, results: Results, wish: Wish, text: str) -> None:
        if self.look is Shown.TABLE:
            from spinegrade.cli.agreement_tables import show

            show(results.analyses, wish.asking.weights, results.made)
        elif self.look is Shown.JSON:
            sys.stdout.write(f"{text}\n")
        elif self.look is Shown.CSV:
            writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for analysis in results.analyses:
                writer.writerows(as_rows(analysis))
        sys.stdout.flush()


def _check(path: Path, suffixes: tuple[str, ...], *, force: bool) -> None:
    """Refuse a name that is no result's, which a film or a reading may have."""
    name = path.name.lower()
    if not name.endswith(suffixes) or name.endswith(".reading.json"):
        wanted, got = " or ".join(suffixes), path.suffix or "no suffix"
        msg = f"{path}: expected a name that ends in {wanted}, got {got!r}"
        raise FormatError(msg)
    check_writable(path, force=force)
