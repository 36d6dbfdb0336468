"""Bots, their API tokens, custom strategies and stored state."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.cache import never_cache

from trading import clock, formatting
from trading.admin.base import Exported, ReadOnlyAdmin, TradingAdmin, resource_for
from trading.admin.forms import TokenForm
from trading.bots import tokens
from trading.models import Bot, BotToken, ExternalStrategy, StateEntry

from .freeze import panel, switch

VALUE_SHOWN = 20_000  # characters


@admin.register(Bot)
class BotAdmin(Exported, TradingAdmin):
    list_display = ("name", "notes", "created", "seen")
    search_fields = ("name", "notes")
    fields = ("name", "notes")
    resource_classes = (resource_for(Bot, "name", "notes", "created_at", "seen_at"),)
    change_form_outer_before_template = "admin/trading/bot/_before.html"

    def get_urls(self) -> list[Any]:
        turn = self.admin_site.admin_view(self.freeze_view)
        return [
            path("<path:object_id>/freeze/", turn, name="trading_bot_freeze"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        bot = self.get_object(request, object_id)
        extra = {**(panel(request, bot) if bot else {}), **(extra_context or {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, extra)
        return response

    def freeze_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return switch(self, request, object_id)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description="Created", ordering="created_at")
    def created(self, row: Bot) -> str:
        return formatting.moment(row.created_at).text

    @admin.display(description="Last seen", ordering="seen_at")
    def seen(self, row: Bot) -> str:
        return formatting.moment(row.seen_at).text


@admin.register(ExternalStrategy)
class ExternalStrategyAdmin(Exported, ReadOnlyAdmin):
    list_display = ("key", "bot", "declared")
    list_filter = ("bot",)
    search_fields = ("key",)
    list_select_related = ("bot",)
    fields = ("bot", "key", "declared", "declaration_text")
    readonly_fields = fields
    resource_classes = (resource_for(ExternalStrategy, "bot__name", "key", "declaration"),)

    @admin.display(description="Declared", ordering="declared_at")
    def declared(self, row: ExternalStrategy) -> str:
        return formatting.moment(row.declared_at).text

    @admin.display(description="Declaration")
    def declaration_text(self, row: ExternalStrategy) -> str:
        return format_html("<pre class='sl-code'>{}</pre>", json.dumps(row.declaration, indent=2))


@admin.register(BotToken)
class BotTokenAdmin(Exported, ReadOnlyAdmin):
    list_display = ("prefix_text", "bot", "scope", "status", "created", "expires", "used")
    list_filter = ("bot", "scope")
    search_fields = ("prefix", "bot__name")
    list_select_related = ("bot",)
    fields = ("bot", "prefix_text", "scope", "status", "created", "expires", "revoked", "used")
    readonly_fields = fields
    actions = ("revoke",)
    resource_classes = (
        resource_for(
            BotToken,
            "bot__name",
            "scope",
            "prefix",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("trading.add_bottoken"))

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("trading.change_bottoken"))

    @admin.action(description="Revoke the selected tokens", permissions=("revoke",))
    def revoke(self, request: HttpRequest, selected: QuerySet[BotToken]) -> None:
        revoked = tokens.revoke(selected)
        messages.success(request, f"{revoked:,} token{'' if revoked == 1 else 's'} revoked.")

    @method_decorator(never_cache)
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return _issue(self, request)

    @admin.display(description="Token", ordering="prefix")
    def prefix_text(self, row: BotToken) -> str:
        return f"{row.prefix}..."

    @admin.display(description="Status")
    def status(self, row: BotToken) -> str:
        if row.revoked_at:
            return "revoked"
        return "valid" if tokens.usable(row, clock.now()) else "expired"

    @admin.display(description="Created", ordering="created_at")
    def created(self, row: BotToken) -> str:
        return formatting.moment(row.created_at).text

    @admin.display(description="Expires", ordering="expires_at")
    def expires(self, row: BotToken) -> str:
        return formatting.moment(row.expires_at).text if row.expires_at else "never"

    @admin.display(description="Revoked", ordering="revoked_at")
    def revoked(self, row: BotToken) -> str:
        return formatting.moment(row.revoked_at).text

    @admin.display(description="Last used", ordering="last_used_at")
    def used(self, row: BotToken) -> str:
        return formatting.moment(row.last_used_at).text if row.last_used_at else "never"


def _issue(model_admin: BotTokenAdmin, request: HttpRequest) -> HttpResponse:
    """The form for a new token. The token is shown only on the page that follows it."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    form = TokenForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form, "bots": Bot.objects.exists()}
    if form.is_valid():
        expires_at = form.cleaned_data["expires_at"]
        if expires_at:
            expires_at = expires_at.astimezone(UTC)
        try:
            token, secret = tokens.issue(
                form.cleaned_data["bot"], form.cleaned_data["scope"], expires_at
            )
            context |= {"token": token, "secret": secret}
            model_admin.log_addition(request, token, "Issued")
        except tokens.Refused as refused:
            form.add_error("expires_at", f"{refused}.".capitalize())
    return model_admin.render(request, "admin/trading/bottoken/new.html", "New token", **context)


@admin.register(StateEntry)
class StateEntryAdmin(Exported, ReadOnlyAdmin):
    list_display = ("key", "bot", "as_of_text", "updated")
    list_filter = ("bot",)
    search_fields = ("key",)
    list_select_related = ("bot",)
    fields = ("bot", "key", "as_of_text", "updated", "value_text")
    readonly_fields = fields
    resource_classes = (resource_for(StateEntry, "bot__name", "key", "as_of", "value"),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StateEntry]:
        # A value can be large: lists do not show it, the detail page loads it.
        entries: QuerySet[StateEntry] = super().get_queryset(request)
        return entries.defer("value")

    @admin.display(description="As of", ordering="as_of")
    def as_of_text(self, row: StateEntry) -> str:
        return formatting.moment(row.as_of).text

    @admin.display(description="Stored", ordering="updated_at")
    def updated(self, row: StateEntry) -> str:
        return formatting.moment(row.updated_at).text

    @admin.display(description="Value")
    def value_text(self, row: StateEntry) -> str:
        text = json.dumps(row.value, indent=1)
        more = len(text) - VALUE_SHOWN
        tail = f"\n... {more:,} more characters; the export contains all" if more > 0 else ""
        return format_html("<pre class='sl-code sl-tall'>{}{}</pre>", text[:VALUE_SHOWN], tail)
