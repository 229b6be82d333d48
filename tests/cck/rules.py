"""A customer before a machine with chocolate bars."""

from dataclasses import dataclass

import pytest
from pytest_bdd import given, parsers, then, when


@dataclass
class Machine:
    money: int = 0
    stock: int = 0
    sold: bool = False


@pytest.fixture
def machine() -> Machine:
    return Machine()


@given(parsers.parse("the customer has {money:d} cents"))
def _(machine: Machine, money: int) -> None:
    machine.money = money


@given("there are chocolate bars in stock")
def _(machine: Machine) -> None:
    machine.stock = 5


@given("there are no chocolate bars in stock")
def _(machine: Machine) -> None:
    machine.stock = 0


@when(parsers.parse("the customer tries to buy a {price:d} cent chocolate bar"))
def _(machine: Machine, price: int) -> None:
    machine.sold = machine.money >= price and machine.stock > 0


@then("the sale should not happen")
def _(machine: Machine) -> None:
    assert not machine.sold


@then("the sale should happen")
def _(machine: Machine) -> None:
    assert machine.sold
