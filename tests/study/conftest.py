"""Places for studies: an SQLite file, and a PostgreSQL server that the tests start themselves."""

from __future__ import annotations

import pytest

from study.making import make_study, postgres_binaries, running_server


@pytest.fixture(scope="session")
def server():
    """Give a PostgreSQL server."""
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
    pytest.importorskip("psycopg", reason="psycopg is not installed (pip install 'spinegrade[postgres]')")
    with running_server(binaries) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Give where a new study may be made, on either kind of store."""
    if request.param == "sqlite":
        return str(tmp_path / "my.study")
    return request.getfixturevalue("server").new_database()


@pytest.fixture
def study(place, tmp_path):
    """Give a study of three films, two readers and an adjudicator, on two occasions."""
    return make_study(tmp_path, place)


@pytest.fixture
def sqlite_study(tmp_path):
    """Give the same in an SQLite file."""
    return make_study(tmp_path, tmp_path / "my.study")


@pytest.fixture
def postgres_study(server, tmp_path):
    """Give the same on a PostgreSQL server."""
    return make_study(tmp_path, server.new_database())
