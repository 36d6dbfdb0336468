"""From a bare Python to a working environment: creates .venv, installs the lock, restarts in it.

Standard library only. Does nothing where the dependencies can already be imported, as in an
activated environment. A second start compares one digest and calls no installer.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

# Some of each: an old Django that the system ships, or half an install, does not count.
RUNTIME = ("django", "unfold", "django_q", "whitenoise", "msgspec")
DEVELOPMENT = (*RUNTIME, "pytest", "pytest_django", "hypothesis")
STAMP = "installed.sha256"
LOG = "install.log"
# Set for the second run, so that a broken environment ends in a message and not in a circle.
MARK = "SELFLEARN_BOOTSTRAPPED"


class Failed(Exception):
    """Why the environment cannot be created; one text for people."""


def ensure(root: Path, arguments: list[str]) -> None:
    """Return if the needed packages can be imported; else replace this process by one that can.

    Exits with status 1 and a message when the environment cannot be created.
    """
    testing = arguments[:1] == ["test"]
    if importable(DEVELOPMENT if testing else RUNTIME):
        os.environ.pop(MARK, None)
        return
    try:
        if os.environ.get(MARK):
            raise Failed("the environment in .venv is incomplete: delete .venv and start again")
        python = prepare(root, testing=testing)
    except Failed as error:
        sys.exit(f"selflearn: {error}")
    except KeyboardInterrupt:
        sys.exit("\nselflearn: interrupted; the next start continues from here")
    os.environ[MARK] = "1"
    sys.stdout.flush()
    os.execv(python, [str(python), str(root / "manage.py"), *arguments])


def importable(names: tuple[str, ...]) -> bool:
    """Whether all of these packages are installed, without importing them."""
    return all(find_spec(name) is not None for name in names)


def prepare(root: Path, *, testing: bool) -> Path:
    """Install the lock in root/.venv where that is needed; return its Python."""
    home = root / ".venv"
    python = home / "bin" / "python"
    lock = root / ("requirements-dev.txt" if testing else "requirements.txt")
    if works(python) and up_to_date(home, root, testing=testing):
        return python
    print("selflearn: preparing .venv; this happens once and takes a minute or two", flush=True)
    if not works(python):
        step(1, "creating .venv", lambda: make(home))
    else:
        print("[1/3] .venv exists", flush=True)
    count = sum("==" in line for line in lock.read_text().splitlines())
    step(2, f"installing {count} packages from {lock.name}", lambda: install(home, lock))
    print("[3/3] starting", flush=True)
    return python


def step(number: int, title: str, work: Callable[[], None]) -> None:
    """Do one step; print its title, then how long it took."""
    print(f"[{number}/3] {title} ...", end="", flush=True)
    started = time.monotonic()
    try:
        work()
    except BaseException:
        print(flush=True)
        raise
    print(f" {time.monotonic() - started:.0f} s", flush=True)


def works(python: Path) -> bool:
    """Whether the environment's Python starts; it fails after its base was removed."""
    if not python.exists():
        return False
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0


def up_to_date(home: Path, root: Path, *, testing: bool) -> bool:
    """Whether the right lock was installed last; the development lock contains the other."""
    try:
        stamp = (home / STAMP).read_text().strip()
    except OSError:
        return False
    wanted = {digest(root / "requirements-dev.txt")}
    if not testing:
        wanted.add(digest(root / "requirements.txt"))
    return stamp in wanted


def digest(file: Path) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def make(home: Path) -> None:
    """Create the environment anew, with its own pip where this Python has ensurepip."""
    pip = [] if find_spec("ensurepip") else ["--without-pip"]
    command = [sys.executable, "-m", "venv", "--clear", *pip, str(home)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Failed(
            f"cannot create {home.name}: {last_lines(ran.stdout + ran.stderr)}\n"
            "This Python may lack the venv module (on Debian and Ubuntu: apt install python3-venv)"
        )


def install(home: Path, lock: Path) -> None:
    """Install the lock, every file checked against its hash. The stamp is written last."""
    stamp = home / STAMP
    stamp.unlink(missing_ok=True)
    log = home / LOG
    with log.open("w") as output:
        ran = subprocess.run(
            [
                *installer(home),
                *("install", "--require-hashes", "--no-input", "--disable-pip-version-check"),
                # Python compiles what is imported; most never is.
                *("--progress-bar", "off", "--no-compile", "-r", str(lock)),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    if ran.returncode:
        text = last_lines(log.read_text(errors="replace"), count=12)
        raise Failed(f"the install failed; the end of .venv/{LOG}:\n{text}")
    draft = home / (STAMP + ".new")
    draft.write_text(digest(lock) + "\n")
    draft.replace(stamp)


def installer(home: Path) -> list[str]:
    """The command of the environment's own pip, or of this Python's pip aimed at it."""
    python = home / "bin" / "python"
    if any(home.glob("lib/python*/site-packages/pip")):
        return [str(python), "-m", "pip"]
    if find_spec("pip") is None:
        raise Failed("this Python has no pip (on Debian and Ubuntu: apt install python3-venv)")
    return [sys.executable, "-m", "pip", "--python", str(python)]


def last_lines(text: str, *, count: int = 3) -> str:
    """The end of a program's output."""
    return "\n".join(text.strip().splitlines()[-count:])
