"""Steps for production scenarios: the attack is ours, the glue is yours.

Each module is a pytest plugin with the phrases of one family. Load it with `pytest_plugins` in a `conftest.py`, or name
it in the option `steps`. What a family needs to know of your system it asks of fixtures that you override: see `ports`.
"""
