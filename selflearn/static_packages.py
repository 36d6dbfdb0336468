"""Files that installed packages bring along, found without importing the packages."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def plotly_files() -> list[tuple[str, Path]]:
    """Where plotly keeps its script, as one of STATICFILES_DIRS; importing it takes a second.

    Empty where it is not installed: pages then show their tables without pictures.
    """
    spec = find_spec("plotly")
    places = spec.submodule_search_locations if spec else None
    found = [Path(place) / "package_data" for place in places or ()]
    return [("plotly", folder) for folder in found if folder.is_dir()]
