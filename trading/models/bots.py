"""Bots, their tokens, the strategies they run, and the books they trade in."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models

from trading import clock

bot_name = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}\Z",
    "Use 1 to 64 letters, digits, spaces, dots, dashes or underscores, starting with a letter "
    "or digit.",
)


class Bot(models.Model):
    """A trading bot. Everything it pushes belongs to it."""

    name = models.CharField(max_length=64, validators=[bot_name])
    notes = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    seen_at = models.DateTimeField("last seen", null=True, editable=False)
    started_at = models.DateTimeField("running since", null=True, editable=False)
    reported = models.JSONField(
        default=dict, editable=False, help_text="Content of the latest heartbeat"
    )

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("name",), name="bot_name_once"),)

    def __str__(self) -> str:
        return self.name


class BotToken(models.Model):
    """An API token of a bot. Only its digest is stored, and a prefix to recognise it by."""

    class Scope(models.TextChoices):
        BOT = "bot", "Bot: read and write its own data"
        READ = "read", "Read its data"
        OPERATE = "operate", "Operate: bot, and change parameters"

    bot = models.ForeignKey(Bot, models.CASCADE, related_name="tokens")
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.BOT)
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("bot", "-created_at")
        verbose_name = "token"
        constraints = (models.UniqueConstraint(fields=("digest",), name="token_digest_once"),)

    def __str__(self) -> str:
        return f"{self.prefix}... ({self.scope})"


class ExternalStrategy(models.Model):
    """A custom strategy, declared by its bot. Everything but backtests works for it."""

    bot = models.ForeignKey(Bot, models.CASCADE, related_name="external_strategies")
    key = models.CharField(max_length=40)
    declaration = models.JSONField(help_text="The validated declaration, as posted")
    declared_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("bot", "key")
        verbose_name = "custom strategy"
        verbose_name_plural = "custom strategies"
        constraints = (
            models.UniqueConstraint(fields=("bot", "key"), name="external_key_once_per_bot"),
        )

    def __str__(self) -> str:
        return f"{self.bot} / {self.key}"


class Status(models.TextChoices):
    LEARNING = "learning", "Learning"
    PROVEN = "proven", "Proven"
    DEGRADED = "degraded", "Degraded"
    PAUSED = "paused", "Paused"
    FROZEN = "frozen", "Frozen"


class StrategyInstance(models.Model):
    """One strategy as one bot runs it: the unit of parameters, state and learning.

    ``size``, ``status`` and ``experiment`` are served to the bot with its parameters.
    """

    bot = models.ForeignKey(Bot, models.CASCADE, related_name="instances")
    strategy = models.CharField(max_length=40, help_text="Key of the strategy: rsi_bb")
    label = models.CharField(
        max_length=40, blank=True, help_text="Distinguishes instances of one strategy: sol"
    )
    size = models.FloatField(
        default=1.0, editable=False, help_text="Fraction of the normal position size, 0-1"
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.LEARNING, editable=False)
    experiment = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ("bot", "strategy", "label")
        verbose_name = "strategy"
        verbose_name_plural = "strategies"
        constraints = (
            models.UniqueConstraint(
                fields=("bot", "strategy", "label"), name="instance_once_per_bot"
            ),
        )

    def __str__(self) -> str:
        return f"{self.bot} / {self.name}"

    @property
    def name(self) -> str:
        """The key, with the label where there is one: ``rsi_bb@sol``."""
        return f"{self.strategy}@{self.label}" if self.label else self.strategy


class Market(models.Model):
    """A market by the name that bots use. Names are case-sensitive."""

    name = models.CharField(max_length=64)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("name",), name="market_name_once"),)

    def __str__(self) -> str:
        return self.name


class Mode(models.TextChoices):
    LIVE = "live", "Live"
    PAPER = "paper", "Paper"


class Book(models.Model):
    """Trades that are aggregated together: one instance, market, mode and currency.

    A trade refers to its book, so that the row stays small and every filter on these four turns
    into a short list of books, each with its own index.
    """

    instance = models.ForeignKey(StrategyInstance, models.CASCADE, related_name="books")
    market = models.ForeignKey(Market, models.PROTECT, related_name="books")
    mode = models.CharField(max_length=5, choices=Mode, default=Mode.LIVE)
    currency = models.CharField(max_length=12, default="USD")

    class Meta:
        ordering = ("instance", "market", "mode", "currency")
        constraints = (
            models.UniqueConstraint(
                fields=("instance", "market", "mode", "currency"), name="book_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.instance} / {self.market} ({self.mode}, {self.currency})"
