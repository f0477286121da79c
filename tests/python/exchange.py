"""What the tests that exchange files with Python's lightly share: they are skipped where a package is missing."""
import importlib.util
import sys
import types


class Exchange:
    def __init__(self, test):
        self.test = test

    def skip(self, reason):
        """Ends the test with the status that means skipped."""
        print(f"{self.test}: Skipped\n{reason}")
        sys.exit(77)

    def require(self, *packages):
        """Skips where one of the packages, or lightly, is not installed; lightly then imports without its own __init__,
        which talks to its server."""
        for package in (*packages, "lightly"):
            if importlib.util.find_spec(package) is None:
                self.skip(f"{sys.executable} has no package {package}")
        lightly = types.ModuleType("lightly")
        lightly.__path__ = list(importlib.util.find_spec("lightly").submodule_search_locations)
        lightly.__version__ = "unknown"
        lightly._is_prefetch_generator_available = lambda: False
        sys.modules["lightly"] = lightly

    def skip_lightly(self, error):
        """For the version of lightly that is there."""
        self.skip(f"lightly in {sys.modules['lightly'].__path__[0]} does not fit: {error}")
