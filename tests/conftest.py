"""Which tests run, and what is said of those that do not.

`make test` runs what a machine needs to be trusted with the filters; `make test-all` adds the marked tests. Nothing is
left out or skipped without a line that says how many tests and why. In CI (the variable is set) a skip is a failure,
but for tests whose sounds are not there.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter

MARKS = {
    "neural": "of pretrained encoders, which need torch",
    "spark": "of Spark, which needs Java",
    "readers": "of pandas and DuckDB",
    "slow": "that are long forms of shorter ones",
}
MODULES = {"test_pretrained.py": "neural"}  # of which not even the imports work without what they need
NOT_THERE = "not there"  # the property in which a test names what this machine does not have
NO_SOUNDS = ("no real clips", "no odd files")

left_out = pytest.StashKey[Counter[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """--rest: only the tests that `make test` leaves out; --all: those too."""
    parser.addoption("--rest", action="store_true", help=f"run only what is left out otherwise: {', '.join(MARKS)}")
    parser.addoption("--all", action="store_true", help="leave nothing out")


def pytest_configure(config: pytest.Config) -> None:
    """Say what the marks mean, and make the environment of our processes what they expect."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the thousands of processes need not compile the same files again
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell script
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[left_out] = Counter()
    for name, meaning in MARKS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import what needs packages that `make test` does not have."""
    mark = MODULES.get(collection_path.name)
    if mark is None or config.getoption("rest") or config.getoption("all"):
        return None
    config.stash[left_out][mark] += collection_path.read_text().count("\ndef test_")
    return True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the marked tests, or with --rest the others."""
    if config.getoption("all"):
        return
    rest = config.getoption("rest")
    kept, dropped = [], []
    for item in items:
        mark = next((name for name in MARKS if item.get_closest_marker(name)), None)
        (kept if (mark is not None) == rest else dropped).append(item)
        if mark and not rest:
            config.stash[left_out][mark] += 1
    config.hook.pytest_deselected(items=dropped)
    items[:] = kept


def skips(reporter: TerminalReporter) -> Counter[str]:
    """How many tests were skipped, by reason."""
    reports = reporter.stats.get("skipped", [])
    return Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in reports)


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """A line for each reason for which tests did not run, and for each way to compute that is not there."""
    for mark, count in config.stash[left_out].items():
        terminalreporter.write_line(f"left out: {count} tests {MARKS[mark]} (make test-all)")
    for reason, count in sorted(skips(terminalreporter).items()):
        terminalreporter.write_line(f"not run: {count} tests: {reason}")
    reports = itertools.chain.from_iterable(terminalreporter.stats.values())
    told = {words for report in reports for name, words in getattr(report, "user_properties", ()) if name == NOT_THERE}
    if told:
        terminalreporter.write_line(f"{NOT_THERE}: {'; '.join(sorted(told))}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, where everything is installed, a skipped test is one that nobody would miss: it fails the run."""
    config = session.config
    if hasattr(config, "workeroutput"):  # one of several processes: tell the one that reports
        config.workeroutput["left out"] = dict(config.stash[left_out])
    elif os.environ.get("CI") and (reporter := config.pluginmanager.get_plugin("terminalreporter")):
        missed = [reason for reason in skips(reporter) if not reason.startswith(NO_SOUNDS)]
        if missed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Each process leaves out the same tests."""
    node.config.stash[left_out] = Counter(getattr(node, "workeroutput", {}).get("left out", {}))
