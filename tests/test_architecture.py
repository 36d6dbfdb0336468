"""Who may import whom, and what only one module may do.

The import contracts stand in pyproject.toml; here is what imports do not show: names in strings,
calls of the clock, of files and of global randomness, writes of parameters past their door.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from importlinter import cli
from importlinter.application.use_cases import read_user_options

from trading.strategies import REGISTRY

ROOT = Path(__file__).resolve().parent.parent
PURE = ("trading/strategies", "trading/ledger", "analytics/quant")
NUMERIC = {"numpy", "numba"}
PARAMETER_MODELS = {
    *("ParameterSet", "LiveSet", "LivePeriod", "HistoricalLiveSet"),
    *("Preset", "Freeze"),
}
WRITES = {
    *("create", "acreate", "bulk_create", "get_or_create", "update_or_create"),
    *("update", "bulk_update", "delete", "save"),
}
FILE_CALLS = {"load", "save", "savez", "loadtxt", "savetxt", "genfromtxt", "fromfile", "memmap"}
DOTTED = re.compile(r"(trading|analytics|selflearn)(\.\w+){2,}")
Finder = Callable[[ast.AST], str | None]


def files(*folders: str) -> list[Path]:
    """The modules of the folders, those that are there."""
    found = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    assert all((ROOT / folder).is_dir() for folder in folders)
    return [file for file in found if "migrations" not in file.parts]


def violations(modules: list[Path], finder: Finder) -> list[str]:
    """What the finder says about each node, with its place."""
    said = []
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text())):
            complaint = finder(node)
            if complaint:
                line = getattr(node, "lineno", 0)
                said.append(f"{module.relative_to(ROOT)}:{line}: {complaint}")
    return said


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of an expression of names and attributes, calls on the way left out."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return dotted(node.func)
    return ""


def names_analytics(node: ast.AST) -> str | None:
    """The name of the upper package as a string that could be imported or looked up."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return None
    text = node.value
    if text == "analytics" or text.startswith("analytics."):
        return f"names {text!r}"
    return None


def impure(node: ast.AST) -> str | None:
    """A call whose result does not follow from its arguments."""
    if not isinstance(node, ast.Call):
        return None
    name = dotted(node.func)
    first, _, rest = name.partition(".")
    last = name.rpartition(".")[2]
    if name in ("open", "input", "print") or last in ("read_csv", "read_parquet", "tofile"):
        return f"{name}: files and streams"
    if first in ("np", "numpy") and rest in FILE_CALLS:
        return f"{name}: files"
    if last in ("now", "utcnow", "today") and first in ("datetime", "date", "dt", "timezone"):
        return f"{name}: the clock"
    if first in ("np", "numpy") and rest.startswith("random."):
        if rest == "random.default_rng" and node.args:
            return None
        return f"{name}: randomness that is not an argument"
    return None


def asks_the_wall_clock(node: ast.AST) -> str | None:
    """Now from anywhere but trading.clock; a stopwatch (time.monotonic) is no clock."""
    if isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
        return f"{node.arg} reads the wall clock: default=clock.now"
    name = dotted(node) if isinstance(node, ast.Attribute) else ""
    if name.endswith(("timezone.now", "datetime.now", "datetime.utcnow", "date.today")):
        return f"{name}: ask trading.clock.now"
    if name in ("time.time", "time.time_ns"):
        return f"{name}: ask trading.clock.now"
    return None


def writes_parameters(node: ast.AST) -> str | None:
    """A parameter set, the live pointer or its history made or changed."""
    if not isinstance(node, ast.Call):
        return None
    parts = dotted(node.func).split(".")
    model = next((part for part in parts if part in PARAMETER_MODELS), None)
    if model and (parts[-1] == model or parts[-1] in WRITES):
        return f"writes {model} past trading.parameters"
    return None


def looks_up_trading(node: ast.AST) -> str | None:
    """A trading model fetched by its name."""
    if not isinstance(node, ast.Call) or dotted(node.func).rpartition(".")[2] != "get_model":
        return None
    texts = [str(a.value) for a in node.args if isinstance(a, ast.Constant)]
    if texts and texts[0].partition(".")[0] == "trading":
        return "fetches a trading model: analytics.frames reads trading rows"
    return None


def imported(module: Path) -> Iterator[str]:
    """The modules that one imports directly, by absolute name."""
    package = module.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            source = ".".join(filter(None, (base, node.module)))
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


def test_the_import_contracts_hold(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    # It would silence every logger there is, and later tests could not hear them.
    monkeypatch.setattr("logging.config.dictConfig", lambda config: None)
    failed = cli.lint_imports(no_cache=True, no_logo=True)
    assert not failed, capsys.readouterr().out


def test_the_contracts_cover_what_the_house_rules_name():
    options = read_user_options(str(ROOT / "pyproject.toml"))
    assert {contract["id"] for contract in options.contracts_options} >= {
        "facts-below-meaning",
        "pure",
        "pure-below",
        "strategies-independent",
        "importers-independent",
        "one-bridge",
        "trading-layers",
        "analytics-layers",
        "acyclic",
    }


def test_trading_does_not_even_name_analytics():
    assert violations(files("trading"), names_analytics) == []


@pytest.mark.parametrize("package", PURE)
def test_a_pure_package_reads_no_clock_no_file_and_no_global_randomness(package):
    assert violations(files(package), impure) == []


@pytest.mark.parametrize("package", ["trading/strategies", "trading/ledger"])
def test_what_a_bot_imports_needs_numpy_at_most(package):
    allowed = {*sys.stdlib_module_names, *NUMERIC}
    own = ("trading.strategies", "trading.ledger")
    strange = [
        f"{module.relative_to(ROOT)}: {name}"
        for module in files(package)
        for name in imported(module)
        if name.partition(".")[0] not in allowed and not name.startswith(own)
    ]
    assert strange == []


def test_a_bot_can_import_the_strategies_without_django():
    assert (ROOT / "trading" / "__init__.py").read_text() == ""


def test_only_the_clock_reads_the_clock():
    modules = [f for f in files("trading", "analytics") if f != ROOT / "trading" / "clock.py"]
    assert violations(modules, asks_the_wall_clock) == []


def test_parameters_change_only_through_their_door():
    doors = [
        ROOT / "trading" / "parameters" / f"{name}.py" for name in ("live", "presets", "freeze")
    ]
    doors.append(ROOT / "trading" / "models")
    assert all(door.exists() for door in doors)
    modules = [
        file
        for file in files("trading", "analytics", "selflearn")
        if not any(file.is_relative_to(door) for door in doors)
    ]
    assert violations(modules, writes_parameters) == []


def test_only_frames_fetches_trading_rows_for_analytics():
    frames = ROOT / "analytics" / "frames"
    assert frames.is_dir()
    modules = [file for file in files("analytics") if not file.is_relative_to(frames)]
    assert violations(modules, looks_up_trading) == []


def test_every_registered_strategy_is_named_in_the_contract_of_independence():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    named = next(c for c in contracts["contracts"] if c["id"] == "strategies-independent")
    registered = {f"trading.strategies.{strategy.key}" for strategy in REGISTRY.values()}
    assert set(named["modules"]) == registered


@pytest.mark.parametrize("app", ["trading", "analytics"])
def test_the_root_of_an_application_holds_packages_and_little_else(app):
    modules = {file.name for file in (ROOT / app).glob("*.py")}
    assert modules <= {"__init__.py", "apps.py", "clock.py"}


def names_a_module(node: ast.AST) -> str | None:
    """A dotted name of ours in a string that nothing can import."""
    text = node.value if isinstance(node, ast.Constant) else ""
    if not isinstance(text, str) or not re.fullmatch(
        r"(trading|analytics|selflearn)(\.\w+){2,}", text
    ):
        return None
    parts = text.split(".")
    for length in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:length])
        if place.with_suffix(".py").exists() or (place / "__init__.py").exists():
            break
    rest = parts[length:]
    found = import_module(".".join(parts[:length]))
    for name in rest:
        if not hasattr(found, name):
            return f"names {text!r}, which is not there"
        found = getattr(found, name)
    return None


def test_every_dotted_string_can_be_imported():
    assert violations(files("trading", "analytics", "selflearn"), names_a_module) == []


@pytest.mark.parametrize(
    ("finder", "code"),
    [
        (names_analytics, "f('analytics.models')"),
        (names_analytics, "ForeignKey('analytics.Run')"),
        (impure, "open('x')"),
        (impure, "np.load('x')"),
        (impure, "np.random.normal()"),
        (impure, "np.random.default_rng()"),
        (impure, "datetime.now(UTC)"),
        (asks_the_wall_clock, "DateTimeField(auto_now_add=True)"),
        (asks_the_wall_clock, "DateTimeField(default=timezone.now)"),
        (asks_the_wall_clock, "datetime.datetime.now()"),
        (asks_the_wall_clock, "time.time()"),
        (writes_parameters, "ParameterSet(values={})"),
        (writes_parameters, "models.ParameterSet.objects.create()"),
        (writes_parameters, "LiveSet.objects.filter(pk=1).update(parameter_set=2)"),
        (looks_up_trading, "apps.get_model('trading', 'Trade')"),
        (looks_up_trading, "apps.get_model('trading.Trade')"),
    ],
)
def test_the_finders_find_what_they_are_for(finder, code):
    assert any(finder(node) for node in ast.walk(ast.parse(code)))


@pytest.mark.parametrize(
    ("finder", "code"),
    [
        (names_analytics, "'the analytics of a trade'"),
        (impure, "rng.normal()"),
        (impure, "np.random.default_rng(7)"),
        (asks_the_wall_clock, "clock.now()"),
        (asks_the_wall_clock, "time.monotonic()"),
        (writes_parameters, "ParameterSet.objects.filter(version=3).first()"),
        (writes_parameters, "isinstance(x, ParameterSet)"),
        (looks_up_trading, "apps.get_model('analytics', 'Run')"),
    ],
)
def test_the_finders_leave_the_rest_alone(finder, code):
    assert not any(finder(node) for node in ast.walk(ast.parse(code)))
