"""What every importer must do; the test of each inherits it and writes the files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.trading.story import NOW, make_bot
from trading import clock
from trading.importers import Importer, Unreadable
from trading.models import Bot

from .files import dump


class Killed(BaseException):
    """What a signal is to a running import."""


@pytest.mark.django_db
class ImporterContract:
    """``write`` makes a good file of several batches, ``broken`` one that cannot be read."""

    importer: Importer
    batch: str  # where its batch size stands, as a dotted name

    def write(self, folder: Path) -> Path:
        raise NotImplementedError

    def broken(self, folder: Path) -> Path:
        raise NotImplementedError

    @pytest.fixture
    def bot(self):
        with clock.at(NOW):
            yield make_bot("Juno")

    @pytest.fixture(autouse=True)
    def small_batches(self, monkeypatch):
        monkeypatch.setattr(self.batch, 2)

    def test_it_declares_a_key_a_label_and_each_of_its_options(self):
        assert self.importer.key and self.importer.label and self.importer.help
        for option in self.importer.options:
            assert option.help
            assert hasattr(self.importer, option.name)

    def test_a_second_import_changes_nothing_and_says_so(self, bot, tmp_path):
        file = self.write(tmp_path)
        first = self.importer.run(file, bot)
        before = dump(bot)
        again = self.importer.run(file, bot)
        assert dump(bot) == before
        assert sum(rows.stored for rows in first.rows.values()) > 0
        assert not any(rows.stored or rows.updated for rows in again.rows.values())
        assert first.rows.keys() == again.rows.keys()

    def test_every_row_that_was_read_is_stored_unchanged_or_rejected(self, bot, tmp_path):
        main = next(
            rows for rows in self.importer.run(self.write(tmp_path), bot).rows.values() if rows.read
        )
        assert main.read == main.stored + main.updated + main.unchanged + len(main.rejected)

    def test_an_import_that_was_killed_is_completed_by_the_next(self, bot, tmp_path):
        file = self.write(tmp_path)

        def kill(done: int) -> None:
            raise Killed

        with pytest.raises(Killed):
            self.importer.run(file, bot, kill)
        self.importer.run(file, bot)
        with clock.at(NOW):
            other = make_bot("Mara")
            self.importer.run(file, other)
        assert dump(bot) == dump(other)

    def test_the_file_is_only_read(self, bot, tmp_path):
        file = self.write(tmp_path)
        before = hashlib.sha256(file.read_bytes()).digest(), sorted(tmp_path.iterdir())
        self.importer.run(file, bot)
        after = hashlib.sha256(file.read_bytes()).digest(), sorted(tmp_path.iterdir())
        assert after == before

    def test_a_bad_or_missing_file_is_one_clear_line_and_stores_nothing(self, bot, tmp_path):
        before = dump(bot)
        for file in (self.broken(tmp_path), tmp_path / "missing", tmp_path):
            with pytest.raises(Unreadable) as error:
                self.importer.run(file, bot)
            assert len(str(error.value).splitlines()) == 1
        assert dump(bot) == before
        assert Bot.objects.count() == 1
