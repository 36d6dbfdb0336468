"""The peer of ``api.py``: the same trades and parameters as REST framework's pages teach it.

Trades of a batch go through a ModelSerializer and one ``bulk_create`` that updates what is there;
a single trade through the ModelSerializer's own ``create``. No sums are kept, no corrections, no
attribution: less is done here than in the product.
"""

from __future__ import annotations

import json
import sys

import django
from django.conf import settings

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils.decorators import method_decorator  # noqa: E402
from django.views.decorators.http import conditional_page  # noqa: E402
from rest_framework import generics, serializers, status  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


def money(**options) -> models.DecimalField:
    return models.DecimalField(max_digits=40, decimal_places=12, **options)


class Trade(models.Model):  # noqa: DJ008
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    external_id = models.CharField(max_length=64)
    strategy = models.CharField(max_length=81)
    market = models.CharField(max_length=64)
    mode = models.CharField(max_length=5, choices=[("live", "Live"), ("paper", "Paper")])
    currency = models.CharField(max_length=12)
    side = models.CharField(max_length=5, choices=[("long", "Long"), ("short", "Short")])
    entry_price, exit_price, size = money(), money(), money()
    stop_loss = money(null=True)
    leverage = models.FloatField(null=True)
    entry_time = models.DateTimeField()
    exit_time = models.DateTimeField()
    exit_reason = models.CharField(max_length=40)
    pnl_pct = models.FloatField()
    pnl = money()
    fee = money(null=True)
    parameter_set = models.BigIntegerField(null=True)
    arm = models.CharField(max_length=64, blank=True)
    tag = models.CharField(max_length=500, blank=True)
    revision = models.BigIntegerField(default=0)
    context = models.JSONField(null=True)

    class Meta:
        app_label = "api_peer"
        constraints = (models.UniqueConstraint(fields=["external_id"], name="peer_once"),)
        indexes = (
            models.Index(fields=["strategy", "exit_time"], name="peer_by_strategy"),
            models.Index(fields=["exit_time"], name="peer_by_exit"),
        )


class Parameters(models.Model):  # noqa: DJ008
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    strategy = models.CharField(max_length=81, unique=True)
    content = models.JSONField()

    class Meta:
        app_label = "api_peer"


class One(serializers.ModelSerializer):
    class Meta:
        model = Trade
        exclude = ("id", "owner")


class Row(serializers.ModelSerializer):
    """A row of a batch: the database tells what is there, so no query a row asks for it."""

    class Meta:
        model = Trade
        exclude = ("id", "owner")
        extra_kwargs = {"external_id": {"validators": []}}  # noqa: RUF012


UPDATED = [
    field.name
    for field in Trade._meta.concrete_fields
    if field.name not in ("id", "owner", "external_id")
]


class Single(generics.CreateAPIView):
    queryset = Trade.objects.all()
    serializer_class = One

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)


class Batch(APIView):
    def post(self, request):
        rows = Row(data=request.data, many=True)
        rows.is_valid(raise_exception=True)
        made = [Trade(owner=request.user, **row) for row in rows.validated_data]
        Trade.objects.bulk_create(
            made, update_conflicts=True, unique_fields=["external_id"], update_fields=UPDATED
        )
        return Response({"stored": len(made)}, status=status.HTTP_201_CREATED)


@method_decorator(conditional_page, name="dispatch")
class OfStrategy(APIView):
    def get(self, request, strategy):
        found = generics.get_object_or_404(Parameters, owner=request.user, strategy=strategy)
        return Response(found.content)


urlpatterns = [
    path("trade/", Single.as_view()),
    path("trades/", Batch.as_view()),
    path("parameters/<str:strategy>/", OfStrategy.as_view()),
]
application = get_wsgi_application()


def prepare(strategy: str, content: dict) -> str:
    """Make the tables, and one row of parameters; returns the token of their owner."""
    from django.contrib.auth import get_user_model

    with connection.schema_editor() as editor:
        for model in (Token, Trade, Parameters):
            editor.create_model(model)
    owner = get_user_model().objects.create_user("peer")
    Parameters.objects.create(owner=owner, strategy=strategy, content=content)
    return Token.objects.create(user=owner).key


if __name__ == "__main__":
    print(prepare(sys.argv[1], json.loads(sys.argv[2])))
