"""Channels: where alerts are told, what each told lately, and the button that tries one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from analytics import notifications
from analytics.models import Channel, Message
from analytics.notifications.delivery import KINDS
from analytics.notifications.env_channels import address_of
from trading import formatting
from trading.admin.base import ReadOnlyAdmin, TradingAdmin

from .channel_form import ChannelForm


@admin.register(Channel)
class ChannelAdmin(TradingAdmin):
    form = ChannelForm
    change_form_template = "analytics/channel.html"
    list_display = ("name", "kind_text", "where", "least", "enabled", "last")
    list_filter = ("kind", "enabled")
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "kind", "address", "enabled")}),
        ("What is told", {"fields": ("least", "tell_end", "bots")}),
        (
            "When",
            {"fields": ("gather_minutes", "quiet_from", "quiet_until", "zone", "critical_at_once")},
        ),
        ("The report", {"fields": ("reports", "report_hour", "report_news_only")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What the environment names has no address here to change."""
        first, *others = self.fieldsets
        if obj and obj.environment:
            first = (None, {"fields": ("name", "kind", "enabled")})
        return [first, *others]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("name", "kind") if obj and obj.environment else ()

    def get_urls(self) -> list[Any]:
        test = self.admin_site.admin_view(require_POST(self.test_view))
        return [path("<int:pk>/test/", test, name="analytics_channel_test"), *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        told = Message.objects.filter(channel=object_id)[:10] if object_id else []
        more = {"told": list(told), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, more)

    @admin.display(description="Kind")
    def kind_text(self, row: Channel) -> str:
        return "E-mail" if row.kind == Channel.Kind.EMAIL else "Push"

    @admin.display(description="Where")
    def where(self, row: Channel) -> str:
        return KINDS[Channel.Kind(row.kind)].shown(address_of(row))

    @admin.display(description="Last message")
    def last(self, row: Channel) -> str:
        newest = row.messages.first()
        if newest is None:
            return "none yet"
        return f"{newest.get_state_display()}, {formatting.moment(newest.created_at).text}"

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send a test message and say what became of it."""
        channel = get_object_or_404(Channel, pk=pk)
        if not self.has_change_permission(request, channel):
            raise PermissionDenied
        sent = notifications.send_test(channel)
        if sent.state == Message.State.SENT:
            messages.success(request, f"The test message was delivered to {self.where(channel)}.")
        else:
            messages.error(request, f"It was not delivered: {sent.error}.")
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

    def get_urls(self) -> list[Any]:
        again = self.admin_site.admin_view(require_POST(self.again_view))
        return [path("<int:pk>/again/", again, name="analytics_message_again"), *super().get_urls()]

    @admin.display(description="Made (UTC)", ordering="created_at")
    def created(self, row: Message) -> str:
        return formatting.moment(row.created_at).text

    @admin.display(description="Delivered (UTC)")
    def sent(self, row: Message) -> str:
        return formatting.moment(row.sent_at).text if row.sent_at else formatting.NOTHING

    @admin.display(description="Text")
    def body(self, row: Message) -> str:
        return format_html("<pre class='sl-code sl-tall sl-wrapped'>{}</pre>", row.text)

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let what was given up be tried anew."""
        if not request.user.has_perm("analytics.change_channel"):
            raise PermissionDenied
        message = get_object_or_404(Message, pk=pk)
        if notifications.send_again(message):
            messages.success(request, "It will be sent again within a minute.")
        else:
            messages.warning(request, "Only a message that was given up can be sent again.")
        return HttpResponseRedirect(reverse("admin:analytics_message_change", args=[pk]))
