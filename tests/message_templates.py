"""Every message of a problem in the source, found without running it: what is filled in stands as `…`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[1] / "src/mkdocs_jetty"
FILLED = "…"
SINKS = {"Problem": 4, "Slip": 1, "Lookalike": 1}
"""What takes a message, and as which argument; functions that hand one on are found."""
OWN = {"spec/lost.py": {"Lost": 1}, "spec/spelling.py": {"Lost": 2}, "spec/swallowed.py": {"Swallowed": 1}}
DEEP = 6


@dataclass
class Module:
    """One file of the source."""

    name: str
    tree: ast.Module
    sinks: dict[str, int]
    functions: dict[str, list[ast.FunctionDef]] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)


def modules(sinks: dict[str, int], own: dict[str, dict[str, int]]) -> list[Module]:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        each = Module(name, ast.parse(path.read_text(encoding="utf-8")), {**sinks, **own.get(name, {})})
        for node in ast.walk(each.tree):
            if isinstance(node, ast.FunctionDef):
                each.functions.setdefault(node.name, []).append(node)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                each.constants.setdefault(node.targets[0].id, node.value)
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                each.constants.setdefault(node.target.id, node.value)
        found.append(each)
    return found


def templates(sinks: dict[str, int] = SINKS, own: dict[str, dict[str, int]] = OWN) -> tuple[dict[str, str], set[str]]:
    """Each template with the place of its problem, and the places where none was found."""
    every = modules(sinks, own)
    constants = {name: value for each in every for name, value in each.constants.items() if name.isupper()}
    found: dict[str, str] = {}
    unknown = set()
    for module in every:
        _find_sinks(module)
        for function, _call, argument in _calls(module):
            texts = list(_Reader(function, module, constants).texts(argument))
            place = f"{module.name}: {ast.unparse(argument)}"
            found.update((text, place) for text in texts if text.replace(FILLED, "").strip())
            handed_on = isinstance(argument, ast.Name) and function and argument.id in _parameters(function)
            if not any(text.replace(FILLED, "").strip() for text in texts) and not handed_on:
                unknown.add(place)
    return found, unknown


def _find_sinks(module: Module) -> None:
    for _ in range(3):
        for function, _call, argument in list(_calls(module)):
            if function and isinstance(argument, ast.Name) and argument.id in (known := _parameters(function)):
                module.sinks[function.name] = known.index(argument.id)


def _parameters(function: ast.FunctionDef) -> list[str]:
    return [each.arg for each in function.args.args if each.arg not in {"self", "cls"}]


def _calls(module: Module) -> Iterator[tuple[ast.FunctionDef | None, ast.Call, ast.expr]]:
    within: dict[ast.AST, ast.FunctionDef] = {}
    for functions in module.functions.values():
        for function in functions:
            for node in ast.walk(function):
                within[node] = function if node not in within or function.lineno > within[node].lineno else within[node]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            index = module.sinks.get(name)
            named = next((each.value for each in node.keywords if each.arg == "message"), None)
            if index is not None and (named or len(node.args) > index):
                yield within.get(node), node, named or node.args[index]


class _Reader:
    """Reads what an expression may be as text."""

    def __init__(
        self, function: ast.FunctionDef | None, module: Module, constants: dict[str, ast.expr], deep: int = DEEP
    ) -> None:
        self.function = function
        self.module = module
        self.constants = constants
        self.deep = deep

    def texts(self, node: ast.expr) -> Iterator[str]:
        read = getattr(self, f"_{type(node).__name__.lower()}", None)
        if self.deep and read:
            yield from read(node)

    def _again(self, node: ast.expr, function: ast.FunctionDef | None = None) -> list[str]:
        reader = _Reader(function or self.function, self.module, self.constants, self.deep - 1)
        return list(reader.texts(node)) or [FILLED]

    def _constant(self, node: ast.Constant) -> Iterator[str]:
        yield from [node.value] if isinstance(node.value, str) else []

    def _joinedstr(self, node: ast.JoinedStr) -> Iterator[str]:
        parts = []
        for each in node.values:
            if isinstance(each, ast.FormattedValue):
                parts.append(self._again(each.value) if isinstance(each.value, ast.Name) else [FILLED])
            else:
                parts.append([str(getattr(each, "value", ""))])
        yield from ("".join(each) for each in product(*parts))

    def _binop(self, node: ast.BinOp) -> Iterator[str]:
        if isinstance(node.op, ast.Add):
            yield from ("".join(each) for each in product(self._again(node.left), self._again(node.right)))

    def _ifexp(self, node: ast.IfExp) -> Iterator[str]:
        yield from [*self._again(node.body), *self._again(node.orelse)]

    def _boolop(self, node: ast.BoolOp) -> Iterator[str]:
        yield from (text for each in node.values for text in self._again(each))

    def _tuple(self, node: ast.Tuple) -> Iterator[str]:
        yield from (text for each in node.elts for text in self._again(each))

    def _call(self, node: ast.Call) -> Iterator[str]:
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        for called in self.module.functions.get(name, []):
            for each in ast.walk(called):
                if isinstance(each, (ast.Return, ast.Yield)) and each.value:
                    yield from self._again(each.value, called)

    def _name(self, node: ast.Name) -> Iterator[str]:
        assigned = list(_assigned(node.id, self.function)) if self.function else []
        known = {**self.constants, **self.module.constants}
        for each in assigned or ([known[node.id]] if node.id in known else []):
            yield from self._again(each)


def _assigned(name: str, function: ast.FunctionDef) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, (ast.Assign, ast.NamedExpr)) and any(getattr(each, "id", "") == name for each in targets):
            yield node.value
