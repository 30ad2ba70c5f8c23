"""Programs for developers and for the build; of the packages, only the tests import them."""
