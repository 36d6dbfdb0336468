"""Users, groups and background tasks in the theme.

Tasks are read-only: a schedule names the function that runs, so write access would allow code
execution.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from trading.admin.base import ReadOnlyAdmin

for _model in (Group, User, Failure, OrmQ, Schedule, Success):
    admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]  # unfold: no types
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    pass


class TaskAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "started", "stopped", "time_taken")
    list_filter = ("func",)
    search_fields = ("name", "func")
    fields = ("id", "name", "func", "group", "started", "stopped", "attempt_count", "result_text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Lists must not unpickle arguments and results of hundreds of tasks.
        tasks: QuerySet[Any] = super().get_queryset(request)
        return tasks.defer("args", "kwargs", "result")

    @admin.display(description="Seconds")
    def time_taken(self, task: Success | Failure) -> str:
        return f"{task.time_taken():.1f}"

    @admin.display(description="Result")
    def result_text(self, task: Success | Failure) -> str:
        return str(task.result)[:2000]


@admin.register(Success)
class SuccessAdmin(TaskAdmin):
    pass


@admin.register(Failure)
class FailureAdmin(TaskAdmin):
    pass


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "schedule_type", "minutes", "next_run")
    search_fields = ("name", "func")


@admin.register(OrmQ)
class QueueAdmin(ReadOnlyAdmin):
    list_display = ("id", "key", "lock")
    fields = ("id", "key", "lock")
