"""Notification channels with their recent messages and a test button; the delivery log."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from analytics import notifications
from analytics.models import Channel, Message
from analytics.notifications.channels import REGISTRY
from analytics.notifications.env_channels import address_of
from trading import formatting
from trading.admin.base import ReadOnlyAdmin, TradingAdmin

from .channel_form import ChannelForm, kinds

RECENT = 10  # messages on the page of a channel


class KindFilter(admin.SimpleListFilter):
    title, parameter_name = "kind", "kind"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Channel]
    ) -> list[tuple[str, str]]:
        return kinds()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Channel]) -> QuerySet[Channel]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Channel)
class ChannelAdmin(TradingAdmin):
    form = ChannelForm
    change_form_template = "analytics/channel.html"
    list_display = ("name", "kind_text", "target", "minimum_severity", "enabled", "last")
    list_filter = (KindFilter, "enabled")
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "kind", "address", "enabled")}),
        ("Events", {"fields": ("minimum_severity", "notify_on_resolve", "bots")}),
        (
            "Timing",
            {
                "fields": (
                    "group_minutes",
                    "quiet_from",
                    "quiet_until",
                    "zone",
                    "critical_immediately",
                )
            },
        ),
        ("Reports", {"fields": ("reports", "report_hour", "report_news_only")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """A channel of the environment has no address to change here."""
        first, *others = self.fieldsets
        if obj and obj.environment:
            return [(None, {"fields": ("name", "kind_text", "enabled")}), *others]
        return [first, *others]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Channel | None = None
    ) -> tuple[str, ...]:
        return ("name", "kind_text") if obj and obj.environment else ()

    def get_urls(self) -> list[URLPattern]:
        test = self.admin_site.admin_view(require_POST(self.test_view))
        return [path("<int:pk>/test/", test, name="analytics_channel_test"), *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        recent = Message.objects.filter(channel__pk=object_id)[:RECENT] if object_id else []
        context = {"recent_messages": list(recent), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    @admin.display(description="Kind")
    def kind_text(self, row: Channel) -> str:
        return REGISTRY[row.kind].label if row.kind in REGISTRY else row.kind

    @admin.display(description="Target")
    def target(self, row: Channel) -> str:
        if row.kind not in REGISTRY:
            return formatting.NOTHING
        return REGISTRY[row.kind].shown(address_of(row))

    @admin.display(description="Last message")
    def last(self, row: Channel) -> str:
        newest = row.messages.first()
        if newest is None:
            return "none"
        return f"{newest.get_state_display()}, {formatting.minute(newest.created_at).text}"

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send a test message and report the outcome."""
        channel = get_object_or_404(Channel, pk=pk)
        if not self.has_change_permission(request, channel):
            raise PermissionDenied
        sent = notifications.send_test(channel)
        if sent.state == Message.State.SENT:
            messages.success(request, f"Test message delivered to {self.target(channel)}.")
        else:
            messages.error(request, f"Test message not delivered: {sent.error}.")
        return HttpResponseRedirect(reverse("admin:analytics_channel_change", args=[pk]))


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("subject", "channel", "state", "created", "attempts", "error")
    list_filter = ("state", "channel")
    search_fields = ("subject",)
    list_select_related = ("channel",)
    fields = ("channel", "subject", "state", "created", "sent", "attempts", "error", "body")
    readonly_fields = fields
    change_form_template = "analytics/message.html"

    def get_urls(self) -> list[URLPattern]:
        again = self.admin_site.admin_view(require_POST(self.again_view))
        return [path("<int:pk>/again/", again, name="analytics_message_again"), *super().get_urls()]

    @admin.display(description="Created", ordering="created_at")
    def created(self, row: Message) -> str:
        return formatting.moment(row.created_at).text

    @admin.display(description="Delivered")
    def sent(self, row: Message) -> str:
        return formatting.moment(row.sent_at).text if row.sent_at else formatting.NOTHING

    @admin.display(description="Text")
    def body(self, row: Message) -> str:
        return format_html("<pre class='sl-code sl-tall sl-wrapped'>{}</pre>", row.text)

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Retry a failed message."""
        if not request.user.has_perm("analytics.change_channel"):
            raise PermissionDenied
        message = get_object_or_404(Message, pk=pk)
        if notifications.send_again(message):
            messages.success(request, "The message is sent again within a minute.")
        else:
            messages.warning(request, "Only a failed message can be sent again.")
        return HttpResponseRedirect(reverse("admin:analytics_message_change", args=[pk]))
