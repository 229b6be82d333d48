"""A table, transposed and compared."""

from pytest_bdd import then, when

Table = list[list[str]]


@when("the following table is transposed:", target_fixture="transposed")
def _(datatable: Table) -> Table:
    return [list(column) for column in zip(*datatable, strict=True)]


@then("it should be:")
def _(transposed: Table, datatable: Table) -> None:
    assert transposed == datatable
