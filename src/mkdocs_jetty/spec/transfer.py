"""The specification as JSON, and back: what a child runs is what its parent has read, to the letter.

Reading back is strict: a value that is not of the declared kind is refused, so that no half of a job ever runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from types import UnionType
from typing import Any, Literal, NoReturn, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
Decoder = Callable[[Any], Any]
PLAIN = frozenset({str, int, float, bool, type(None)})


def to_json(value: object) -> str:
    """Return any dataclass of plain values, tuples, mappings and further dataclasses as JSON."""
    return json.dumps(value, default=vars)


def from_json(kind: type[T], text: str) -> T:
    """Read back what `to_json` has written.

    Raises:
        ValueError: If the text is not JSON, or a value is not of its declared kind.
    """
    read: Callable[[Any], T] = _decoder(cast("Any", kind))
    return read(json.loads(text))


@cache
def _decoder(kind: Any) -> Decoder:
    """Return what reads one value of a kind; plain ones are looked at by their type alone, because there are many."""
    origin, arguments = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        # Asked for with the first value: a record may hold others of its own kind.
        return partial(_read_record, kind)
    if allowed := _plain(kind):
        return lambda value: value if type(value) in allowed else _refuse(kind, value)
    if origin is Literal:
        return lambda value: value if value in arguments else _refuse(kind, value)
    if origin is tuple and arguments[1:] == (...,):
        each = _decoder(arguments[0])
        return lambda value: tuple(map(each, value)) if type(value) is list else _refuse(kind, value)
    if origin is Mapping:
        of = _decoder(arguments[1])
        return lambda value: (
            {name: of(one) for name, one in value.items()} if type(value) is dict else _refuse(kind, value)
        )
    if origin in (Union, UnionType) and type(None) in arguments:
        (one,) = (argument for argument in arguments if argument is not type(None))
        decode = _decoder(one)
        return lambda value: None if value is None else decode(value)
    raise TypeError(f"{kind} does not travel as JSON")


def _plain(kind: Any) -> frozenset[type]:
    """The types that a value of a kind may have, if it is nothing but plain values."""
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    if not PLAIN.issuperset(kinds):
        return frozenset()
    return frozenset(kinds) | ({int} if float in kinds else set())


def _read_record(kind: Any, value: Any) -> Any:
    return _record(kind)(value)


@cache
def _record(kind: Any) -> Decoder:
    hints = get_type_hints(kind)
    decoders = {each.name: _decoder(hints[each.name]) for each in fields(kind)}
    names = decoders.keys()
    some = {name: decode for name, decode in decoders.items() if not _plain(hints[name])}
    plain = [(name, allowed) for name in names if (allowed := _plain(hints[name]))]

    def read(value: Any) -> Any:
        if type(value) is not dict or value.keys() != names:
            _refuse(kind, value)
        for name, allowed in plain:
            if type(value[name]) not in allowed:
                _refuse(f"{kind.__name__}.{name}", value[name])
        for name, decode in some.items():
            value[name] = decode(value[name])
        return kind(**value)

    return read


def _refuse(kind: Any, value: Any) -> NoReturn:
    raise ValueError(f"not {getattr(kind, '__name__', kind)}: {value!r}")
