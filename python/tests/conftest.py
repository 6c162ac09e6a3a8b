"""What the tests share: sessions of both kinds, over one cluster that lives as long as the tests."""

import pytest

import swath as sw


@pytest.fixture(scope="session")
def cluster():
    """A cluster of two worker processes of this Python."""
    with sw.LocalCluster(workers=2, threads=1, memory_limit="512MB") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def cluster_session(cluster):
    """A session whose work is done by the workers."""
    return cluster.connect()


@pytest.fixture(scope="session")
def embedded_session():
    """A session whose work is done in this process."""
    return sw.Session(threads=2)


@pytest.fixture(params=["embedded", "cluster"])
def session(request):
    """A session, once of each kind; a test that uses it runs twice."""
    return request.getfixturevalue(f"{request.param}_session")
