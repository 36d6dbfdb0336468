"""Freezing the parameters of a bot, on the bot's page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from trading.admin.base import TradingAdmin, author_of
from trading.admin.forms import REASON, ReasonForm
from trading.admin.strategy_page import error_text
from trading.models import Bot
from trading.parameters import freeze
from trading.parameters.errors import Refused

SHOWN = 10
HELP = {
    True: "Why the parameters are frozen; shown to everybody who tries to change them.",
    False: "Why the parameters are unfrozen.",
}


def panel(request: HttpRequest, bot: Bot, data: QueryDict | None = None) -> dict[str, Any]:
    """The context of the freeze panel on a bot's page."""
    active = freeze.freeze_of(bot)
    return {
        "bot": bot,
        "freeze": active,
        "freeze_form": ReasonForm(data, help_text=HELP[active is None]),
        "freeze_url": reverse("admin:trading_bot_freeze", args=[bot.pk]),
        "may_freeze": request.user.has_perm("trading.change_strategyinstance"),
        "freezes": bot.freezes.select_related("frozen_by", "lifted_by")[:SHOWN],
        "strategies": bot.instances.all(),
    }


def switch(admin: TradingAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Freeze or unfreeze with a reason; shows the form again if the reason is missing."""
    bot = admin.get_object(request, object_id)
    if bot is None:
        redirect: HttpResponse = admin._get_obj_does_not_exist_redirect(
            request, admin.opts, object_id
        )
        return redirect
    if not request.user.has_perm("trading.change_strategyinstance"):
        raise PermissionDenied
    context = panel(request, bot, request.POST if request.method == "POST" else None)
    if request.method == "POST" and _switched(request, bot, context["freeze_form"]):
        return HttpResponseRedirect(reverse("admin:trading_bot_change", args=[bot.pk]))
    title = f"Freeze the parameters of {bot}"
    return admin.render(request, "admin/trading/bot/freeze.html", title, original=bot, **context)


def _switched(request: HttpRequest, bot: Bot, form: ReasonForm) -> bool:
    if not form.is_valid():
        return False
    frozen = request.POST.get("frozen") == "yes"
    try:
        freeze.freeze(
            bot=bot, frozen=frozen, reason=form.cleaned_data[REASON], author=author_of(request)
        )
    except Refused as refused:
        # Somebody else switched it already; the page shows the current state.
        messages.warning(request, error_text(refused))
        return True
    messages.success(request, f"Parameters of {bot} {'frozen' if frozen else 'unfrozen'}.")
    return True
