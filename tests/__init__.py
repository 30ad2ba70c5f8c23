"""The tests. They mirror the packages; the house itself is tested in `test_house.py`."""
