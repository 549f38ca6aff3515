"""The plan of the house: the wire alone at the bottom, a room for each filter beside the others, nothing too large."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from helpers import ROOT

NATLIB = ROOT / "natlib"
MODULES = sorted(path for path in NATLIB.rglob("*.py") if "data" not in path.parts)
ROOMS = {"split", "decode", "embed", "quantize", "pack", "plot", "batch", "agent"}
DOORS = {"natlib", "natlib.__main__"}  # which open on agent/ when they are used


def name(path: Path) -> str:
    """A module's dotted name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """Every module of natlib that a module imports, wherever in it; a name that may be a module counts as one."""
    package = path.parent.relative_to(ROOT).parts
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            module = ".".join(filter(None, (start, node.module)))
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return {module for module in found if module in NAMES}


NAMES = {name(path) for path in MODULES}


def room(module: str) -> str:
    """The room that a module stands in; "" directly in natlib."""
    second = [*module.split("."), ""][1]
    return second if second in ROOMS else ""


def test_rooms_are_those_of_the_plan_and_each_has_its_map():
    folders = {path.name for path in NATLIB.iterdir() if (path / "__init__.py").exists()}
    assert folders == ROOMS
    for path in MODULES:
        if path.name not in ("__init__.py", "__main__.py") and path.parent != NATLIB:
            assert path.name in (path.parent / "__init__.py").read_text(), f"{path.parent}/__init__.py: no {path.name}"
    for path in NATLIB.rglob("__init__.py"):
        told = [word.rstrip(",:") for word in path.read_text().split() if word.rstrip(",:").endswith(".py")]
        places = (path.parent, NATLIB, ROOT)
        missing = [word for word in told if not any((place / word).exists() for place in places)]
        assert not missing, f"{path} tells of {missing}, which are not there"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_room_imports_another(path):
    here = room(name(path))
    free = ("", "agent" if name(path) in DOORS else here)
    others = {module for module in imports(path) if room(module) not in free}
    assert not others, f"{name(path)} imports {sorted(others)}"


def test_the_wire_imports_nothing_of_natlib():
    assert imports(NATLIB / "wire.py") <= {"natlib"}


def test_no_circles():
    needs = {name(path): imports(path) - {name(path)} for path in MODULES}
    packages = {module for module in needs if any(other.startswith(f"{module}.") for other in needs)}
    left = {module: others - packages for module, others in needs.items()}
    while free := {module for module, others in left.items() if not others & left.keys()}:
        left = {module: others for module, others in left.items() if module not in free}
    assert not left, f"these import each other, in a circle: {sorted(left)}"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_class_above_250_lines_no_function_above_60_without_a_reason(path):
    """The reason is a comment right above the function, `# Long: …`."""
    lines = path.read_text().splitlines()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            most = 250 if isinstance(node, ast.ClassDef) else 60
            told = isinstance(node, ast.FunctionDef) and lines[first - 2].strip().startswith("# Long: ")
            assert length <= most or told, f"{name(path)}:{node.lineno} {node.name}: {length} lines, {most} at most"
