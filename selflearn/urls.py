"""URLs of the web server."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from analytics.api import probes
from trading.api.errors import no_such_address
from trading.api.views import docs

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path(probes.HEALTH, probes.health, name="health"),
    path("badge.svg", probes.badge, name="badge"),
    path("metrics", probes.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("trading.api.urls")),
    path("api/v1/", include("analytics.api.urls")),
    path("api/schema/", docs.schema, name="api-schema"),
    path("api/docs/", docs.page, name="api-docs"),
    re_path(r"^api/", no_such_address),
]
handler400 = "trading.api.errors.bad_request"
handler500 = "trading.api.errors.server_error"
