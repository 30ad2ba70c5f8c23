"""Tests of a ledger that is distributed over a Citus cluster.

`LEDGER_TEST_CITUS` enables them: the URL of a database on the coordinator, with a superuser's login.
The cluster needs two or more workers. Each database of a test is made on all nodes.
"""
