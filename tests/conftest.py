"""What tests share: a folder for remembered proofs, what is derived of a problem, one process for each file."""

import gc
import os
from collections import Counter
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from t1gen.problems.instance import Source

gc.set_threshold(50_000, 20, 100)  # what tests share is large, and Python would look through it again and again


FEW = 20
"""Files of fewer tests run first, for theirs are the long ones, and none of them is left to run alone at the end."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """The tests of a file run in one process, so that nothing is made twice, unless --dist says otherwise."""
    if config.getoption("dist") != "load":
        return None
    config.option.loadscopereorder = False  # as `pytest_collection_modifyitems` has ordered them
    return LoadFileScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    size = Counter(item.path for item in items)
    items.sort(key=lambda item: (size[item.path] >= FEW, -size[item.path]))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """T1GEN_CACHE points into a temporary folder for the whole session."""
    before = os.environ.get("T1GEN_CACHE")
    os.environ["T1GEN_CACHE"] = str(tmp_path_factory.mktemp("t1gen-cache"))
    yield
    os.environ.pop("T1GEN_CACHE")
    if before is not None:
        os.environ["T1GEN_CACHE"] = before


@pytest.fixture(scope="session", autouse=True)
def derived_once():
    """A problem of fixed structure is derived once for all tests of a process, as it is for all students of a class."""
    kept = {}
    derive = Source._derive

    def remembered(self, built):
        if not self.problem.builder:
            self.derived = kept.setdefault(id(self.problem), (self.problem, {}))[1]
        return derive(self, built)

    Source._derive = remembered
    yield
    Source._derive = derive
