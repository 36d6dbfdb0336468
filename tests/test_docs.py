"""What the documents show must work as shown."""

import re
import sys
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#)([^)#]+)")


def test_the_example_strategy_can_be_declared_as_written():
    text = (ROOT / "docs" / "strategies.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.S)[1]
    module = module_from_spec(spec_from_loader("trading.strategies.grid", loader=None))
    exec(compile(code, "docs/strategies.md", "exec"), module.__dict__)
    assert module.STRATEGY.defaults()["mean_period"] == 50
    assert "trading.strategies.grid" not in sys.modules


def test_the_bot_with_the_rules_inside_runs_as_written():
    text = (ROOT / "docs" / "strategies.md").read_text()
    code = re.findall(r"```python\n(.*?)```", text, re.S)[1]
    names = {}
    exec(compile(code, "docs/strategies.md", "exec"), names)
    assert len(names["closed"]) == 0 and names["state"].side == 0


def test_every_link_of_the_documents_leads_to_a_file():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in LINK.findall(page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_metric_is_defined_in_the_documents():
    from trading.ledger import metrics, tally

    none = metrics.Daily(np.zeros(0), np.zeros(0, np.int64))
    names = metrics.from_tally(tally.empty(1)[0], none, 0.0)
    text = (ROOT / "docs" / "metrics.md").read_text()
    assert [name for name in names if f"`{name.removesuffix('_interval')}`" not in text] == []


def test_every_alert_is_explained_in_the_documents():
    from analytics.monitoring.alerts import REGISTRY

    text = (ROOT / "docs" / "alerts.md").read_text()
    for rule in REGISTRY.values():
        assert f"| {rule.title} (`{rule.key}`) |" in text
