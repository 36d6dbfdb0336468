import threading
import time

import pytest
from django.db import connection, transaction

from trading import clock
from trading.db import locks
from trading.db.best_effort import note
from trading.models import Bot


@pytest.mark.django_db
def test_a_note_is_written_where_nobody_is_in_the_way():
    bot = Bot.objects.create(name="b")
    assert note(Bot.objects.filter(pk=bot.pk), notes="seen")
    assert Bot.objects.get().notes == "seen"


@pytest.mark.django_db(transaction=True)
def test_a_note_is_left_out_at_once_while_a_long_write_goes_on():
    bot = Bot.objects.create(name="b")
    writing, done = threading.Event(), threading.Event()

    def write():
        try:
            with transaction.atomic():
                locks.lock_bot(bot.pk)
                Bot.objects.filter(pk=bot.pk).update(seen_at=clock.now())
                writing.set()
                done.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    assert writing.wait(30)
    started = time.monotonic()
    written = note(Bot.objects.filter(pk=bot.pk), notes="seen")
    waited = time.monotonic() - started
    done.set()
    thread.join()
    assert not written
    assert waited < 2
    assert note(Bot.objects.filter(pk=bot.pk), notes="seen")
