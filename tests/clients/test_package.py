"""The package itself: it stands alone, and its types hold."""

import ast
import subprocess
import sys

from .conftest import CLIENT

PACKAGE = CLIENT / "selflearn_client"


def test_it_needs_nothing_but_python():
    names = set()
    for file in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module)
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_its_types_hold_strictly():
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "selflearn_client"],
        cwd=CLIENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


def test_it_can_be_packed_and_brings_its_types(tmp_path):
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(tmp_path),
            str(_copied(tmp_path)),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (wheel,) = tmp_path.glob("*.whl")
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "selflearn_client/client.py" in listed
    assert "selflearn_client/py.typed" in listed


def _copied(folder):
    """Packing writes beside the sources."""
    import shutil

    return shutil.copytree(CLIENT, folder / "copy")
