"""The form of a channel."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from analytics.models import Channel
from analytics.notifications.delivery import KINDS

_HELP = (
    "E-mail: the recipients, one a line. Others: one address of the service, for example "
    "tgram://TOKEN/CHAT for Telegram, discord://ID/TOKEN, slack://A/B/C, ntfys://ntfy.sh/TOPIC, "
    "jsons://host/path for a webhook. docs/channels.md lists them."
)
_KEPT = "It is set, and not shown, since it holds a secret. Leave it empty to keep it."


class ChannelForm(forms.ModelForm):
    """A channel; an address that holds a secret is never shown again, and kept if left empty."""

    address = forms.CharField(
        required=False, help_text=_HELP, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )

    class Meta:
        model = Channel
        fields = (
            "name",
            "kind",
            "address",
            "enabled",
            "least",
            "tell_end",
            "bots",
            "gather_minutes",
            "quiet_from",
            "quiet_until",
            "zone",
            "critical_at_once",
            "reports",
            "report_hour",
            "report_news_only",
        )
        help_texts = {  # noqa: RUF012
            "least": "What is less grave is only shown in the pages.",
            "bots": "None chosen: all of them.",
            "gather_minutes": "Minutes in which what happens goes into one message; 0 sends at "
            "once. What is critical does not wait.",
            "quiet_from": "Between these hours nothing is sent; it comes afterwards, in one "
            "message. Both empty: no quiet hours.",
            "zone": "Of the quiet hours and of the times in messages, such as Europe/Berlin.",
            "critical_at_once": "In quiet hours too.",
            "reports": "The report of each day (UTC), of each week (on Mondays), or both; whole "
            "as a mail, a line per strategy elsewhere.",
            "report_hour": "From this hour on (0 to 23), in the time zone above.",
            "report_news_only": "Not on days without trades, alerts, changes or experiments.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance
        if stored.environment:
            self.fields.pop("address", None)
        elif stored.pk and stored.kind == Channel.Kind.PUSH:
            self.initial["address"] = ""
            self.fields["address"].help_text = _KEPT

    def clean_report_hour(self) -> int:
        hour = int(self.cleaned_data["report_hour"])
        if hour > 23:
            raise forms.ValidationError("An hour of the day: 0 to 23.")
        return hour

    def clean_zone(self) -> str:
        zone = self.cleaned_data["zone"].strip()
        if zone not in available_timezones():
            raise forms.ValidationError("There is no such zone; write for example Europe/Berlin.")
        return ZoneInfo(zone).key

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if (found.get("quiet_from") is None) != (found.get("quiet_until") is None):
            self.add_error("quiet_until", "Give both ends of the quiet hours, or none.")
        if "address" in self.fields and (kind := found.get("kind")):
            self._check_address(found, Channel.Kind(kind))
        return found

    def _check_address(self, found: dict[str, Any], kind: Channel.Kind) -> None:
        given, before = found.get("address", "").strip(), self.initial.get("kind")
        if not given and self.instance.pk and before == kind == Channel.Kind.PUSH:
            found["address"] = Channel.objects.get(pk=self.instance.pk).address
            return
        try:
            found["address"] = KINDS[kind].check(given)
        except ValueError as error:
            self.add_error("address", str(error))
