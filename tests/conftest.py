"""What every test shares: proofs are remembered in a folder of the test run, never in the user's cache."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """T1GEN_CACHE points into a temporary folder for the whole session."""
    before = os.environ.get("T1GEN_CACHE")
    os.environ["T1GEN_CACHE"] = str(tmp_path_factory.mktemp("t1gen-cache"))
    yield
    os.environ.pop("T1GEN_CACHE")
    if before is not None:
        os.environ["T1GEN_CACHE"] = before
