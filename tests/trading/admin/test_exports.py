"""Every export is written by ``csv_export``: lists, the API, import-export, the commands."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.urls import reverse

from trading.admin.base import Exported, SafeResource
from trading.admin.keyset import KeysetAdmin
from trading.formatting import csv_export
from trading.models import Market

WRITER = Path("trading/formatting/csv_export.py")
REGISTERED = list(admin.site._registry.values())
LISTS = [page for page in REGISTERED if isinstance(page, KeysetAdmin)]
SMALL_TABLES = [page for page in REGISTERED if isinstance(page, Exported)]


def test_only_one_module_writes_csv():
    root = Path(settings.BASE_DIR)
    writers = {
        path.relative_to(root)
        for package in ("trading", "analytics", "selflearn")
        for path in (root / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in {("csv", "writer"), ("csv", "DictWriter")}
    }
    assert writers == {WRITER}


@pytest.mark.parametrize("page", LISTS, ids=lambda page: page.opts.model_name)
def test_the_export_of_a_list_is_written_by_it(owner, page, monkeypatch):
    monkeypatch.setattr(csv_export, "cell", lambda value: f"<{value}>")
    address = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_export")
    header = next(csv.reader(io.StringIO(owner.get(address).getvalue().decode())))
    assert header == [f"<{name}>" for name in page.csv_header]


@pytest.mark.parametrize("page", SMALL_TABLES, ids=lambda page: page.opts.model_name)
def test_import_export_follows_its_rule(page):
    assert page.resource_classes
    assert all(issubclass(resource, SafeResource) for resource in page.resource_classes)


@pytest.mark.parametrize("start", csv_export.FORMULA_STARTS)
def test_import_export_escapes_every_start_of_a_formula(db, start):
    market = Market.objects.create(name="x")
    market.name = f"{start}SUM(A1)"
    resource = type("R", (SafeResource,), {"Meta": type("M", (), {"model": Market})})()
    row = resource.export_resource(market)
    assert f"'{start}SUM(A1)" in row
