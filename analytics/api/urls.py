"""URLs below /api/v1/, beside those of ``trading.api``."""

from __future__ import annotations

from django.urls import path, re_path

from analytics.api import alerts, recommendations, reports, runs

_RECOMMENDATION = r"^recommendations/(?P<recommendation>[0-9]{1,18})"
_ALERT = r"^alerts/(?P<alert>[0-9]{1,18})"

urlpatterns = [
    path("alerts/", alerts.Alerts.as_view(), name="alerts"),
    re_path(rf"{_ALERT}/$", alerts.OneAlert.as_view(), name="alert"),
    re_path(rf"{_ALERT}/acknowledge/$", alerts.Acknowledge.as_view(), name="alert-acknowledge"),
    re_path(rf"{_ALERT}/snooze/$", alerts.Snooze.as_view(), name="alert-snooze"),
    re_path(rf"{_ALERT}/resolve/$", alerts.Resolve.as_view(), name="alert-resolve"),
    path("reports/", reports.Reports.as_view(), name="reports"),
    re_path(
        r"^reports/(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})/$",
        reports.OneReport.as_view(),
        name="report",
    ),
    path("recommendations/", recommendations.Recommendations.as_view(), name="recommendations"),
    re_path(
        rf"{_RECOMMENDATION}/accept/$",
        recommendations.Accept.as_view(),
        name="recommendation-accept",
    ),
    re_path(
        rf"{_RECOMMENDATION}/dismiss/$",
        recommendations.Dismiss.as_view(),
        name="recommendation-dismiss",
    ),
    path("runs/", runs.Runs.as_view(), name="runs"),
    re_path(r"^runs/(?P<run>[0-9]{1,18})/$", runs.OneRun.as_view(), name="run"),
]
