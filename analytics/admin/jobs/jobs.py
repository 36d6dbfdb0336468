"""Scheduled jobs: their state, their runs, when they run next, and a button to run one now."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from analytics import jobs
from analytics.jobs import status
from analytics.models import JobLine, JobRun
from trading import clock, formatting
from trading.admin.base import Exported, ReadOnlyAdmin, resource_for, show_in_header

from . import rows

RUNS_SHOWN = 50


@admin.register(JobLine)
class JobAdmin(ReadOnlyAdmin):
    """Lists the jobs of the timetable, those on request included."""

    def get_urls(self) -> list[Any]:
        run = self.admin_site.admin_view(require_POST(self.run_view))
        return [path("<str:name>/run/", run, name="analytics_jobline_run"), *super().get_urls()]

    def may_run(self, request: HttpRequest) -> bool:
        return request.user.has_perm("analytics.change_jobline")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        show_in_header(request, self.list_title)
        now = clock.now()
        context = {
            **self.admin_site.each_context(request),
            "title": self.list_title,
            "opts": self.opts,
            "simulated": clock.simulated(),
            "worker": rows.worker(now),
            "jobs": [rows.row(standing, now) for standing in status.standings(now)],
            "may_run": self.may_run(request),
        }
        return TemplateResponse(request, "analytics/jobs.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = clock.now()
        standing = next((s for s in status.standings(now) if s.job.name == object_id), None)
        if standing is None:
            raise Http404(object_id)
        show_in_header(request, self.list_title)
        runs = JobRun.objects.filter(job=object_id).select_related("requested_by")
        context = {
            **self.admin_site.each_context(request),
            "title": standing.job.title,
            "opts": self.opts,
            "row": rows.row(standing, now),
            "facts": rows.facts(standing),
            "columns": rows.COLUMNS,
            "rows": [rows.run_cells(run) for run in runs[:RUNS_SHOWN]],
            "may_run": self.may_run(request),
        }
        return TemplateResponse(request, "analytics/job.html", context)

    def run_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Queue a run for this moment, triggered by the user."""
        if not self.may_run(request):
            raise PermissionDenied
        job = jobs.find(name)
        if job is None or not job.timed:
            raise Http404(name)
        if jobs.run_now(job, request.user):
            messages.success(request, f"{job.title}: queued. It starts in a moment.")
        else:
            messages.warning(request, f"{job.title} is queued or running already.")
        back = request.POST.get("back")
        address = "admin:analytics_jobline_changelist"
        if back == "job":
            return HttpResponseRedirect(reverse("admin:analytics_jobline_change", args=[name]))
        return HttpResponseRedirect(reverse(address))


@admin.register(JobRun)
class JobRunAdmin(Exported, ReadOnlyAdmin):
    list_display = ("title", "key", "due_time", "state", "took", "attempts", "error")
    list_filter = ("state", "job", "queue")
    search_fields = ("job", "key", "error")
    fields = (
        *("job", "key", "due", "state", "queue", "attempts", "queued_at", "started_at"),
        *("ended_at", "seconds", "error", "summary", "arguments", "requested_by"),
    )
    resource_classes = (
        resource_for(
            JobRun,
            "job",
            "key",
            "due",
            "state",
            "queued_at",
            "started_at",
            "ended_at",
            "seconds",
            "attempts",
            "error",
        ),
    )

    @admin.display(description="Job", ordering="job")
    def title(self, run: JobRun) -> str:
        job = jobs.find(run.job)
        return job.title if job else run.job

    @admin.display(description="Scheduled for (UTC)", ordering="due")
    def due_time(self, run: JobRun) -> str:
        return formatting.moment(run.due).text

    @admin.display(description="Duration")
    def took(self, run: JobRun) -> str:
        return rows.took(run) or formatting.NOTHING
