"""The form of a notification channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from analytics.models import Channel
from analytics.notifications.channels import REGISTRY, ChannelType

_KEPT = "Stored but not shown, because it holds a secret. Leave empty to keep it."


def kinds() -> list[tuple[str, str]]:
    """The channel types as choices."""
    return [(key, channel_type.label) for key, channel_type in REGISTRY.items()]


if TYPE_CHECKING:
    ChannelModelForm = forms.ModelForm[Channel]
else:
    ChannelModelForm = forms.ModelForm  # generic only in the type stubs


class ChannelForm(ChannelModelForm):
    """A channel; a secret address is never shown again, and kept if the field is left empty."""

    kind = forms.ChoiceField(choices=kinds, widget=UnfoldAdminSelectWidget)
    address = forms.CharField(
        required=False,
        help_text=" ".join(channel_type.help for channel_type in REGISTRY.values()),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )

    class Meta:
        model = Channel
        fields = (
            "name",
            "kind",
            "address",
            "enabled",
            "minimum_severity",
            "notify_on_resolve",
            "bots",
            "group_minutes",
            "quiet_from",
            "quiet_until",
            "zone",
            "critical_immediately",
            "reports",
            "report_hour",
            "report_news_only",
        )
        help_texts = {  # noqa: RUF012
            "minimum_severity": "Lower severities are not sent.",
            "bots": "Empty: all bots.",
            "group_minutes": "Events within this time go into one message. 0: send immediately. "
            "Critical events never wait.",
            "quiet_from": "Nothing is sent between these hours; one message follows afterwards. "
            "Both empty: no quiet hours.",
            "zone": "For quiet hours and for times in messages, for example Europe/Berlin.",
            "critical_immediately": "Critical events are sent in quiet hours too.",
            "reports": "Daily reports (UTC days), weekly reports (on Mondays), or both. By e-mail "
            "the full report, elsewhere one line per strategy.",
            "report_hour": "Reports are sent from this hour on (0 to 23), in the time zone above.",
            "report_news_only": "No report for days without trades, alerts, changes or "
            "experiments.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance
        if stored.environment:
            self.fields.pop("address", None)
            self.fields.pop("kind", None)
        elif stored.pk and self._is_secret(stored.kind):
            self.initial["address"] = ""
            self.fields["address"].help_text = _KEPT

    def clean_report_hour(self) -> int:
        hour = int(self.cleaned_data["report_hour"])
        if hour > 23:
            raise forms.ValidationError("Enter an hour from 0 to 23.")
        return hour

    def clean_zone(self) -> str:
        zone: str = self.cleaned_data["zone"].strip()
        if zone not in available_timezones():
            raise forms.ValidationError("Unknown time zone; enter for example Europe/Berlin.")
        return ZoneInfo(zone).key

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (cleaned.get("quiet_from") is None) != (cleaned.get("quiet_until") is None):
            self.add_error("quiet_until", "Enter both ends of the quiet hours, or neither.")
        if "address" in self.fields and (kind := cleaned.get("kind")):
            self._check_address(cleaned, REGISTRY[kind])
        return cleaned

    def _check_address(self, cleaned: dict[str, Any], channel_type: ChannelType) -> None:
        address, kind_before = cleaned.get("address", "").strip(), self.initial.get("kind")
        unchanged = self.instance.pk and kind_before == channel_type.key
        if not address and unchanged and channel_type.secret:
            cleaned["address"] = Channel.objects.get(pk=self.instance.pk).address
            return
        try:
            cleaned["address"] = channel_type.check(address)
        except ValueError as error:
            self.add_error("address", str(error))

    @staticmethod
    def _is_secret(kind: str) -> bool:
        return kind not in REGISTRY or REGISTRY[kind].secret
