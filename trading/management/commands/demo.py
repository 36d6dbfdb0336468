from django.core.management.base import CommandError

from trading.demo import bot, state
from trading.management.base import Command as Base


class Command(Base):
    help = "Create a synthetic market with a paper bot that keeps trading, or remove it."

    def add_arguments(self, parser):
        parser.add_argument("--clear", action="store_true", help="remove the demo, nothing else")

    def handle(self, *, clear, **options):
        quiet = options["json"]
        try:
            result = bot.clear() if clear else bot.fill(say=_silence if quiet else self.say)
        except (state.Taken, RuntimeError) as error:
            raise CommandError(str(error)) from error
        if quiet:
            self.answer(result)
        elif clear:
            self.say(removed(result))
        else:
            self.say(filled(result))

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()


def filled(result):
    if not result["filled"]:
        return "The demo is there already and lives on while the worker runs."
    return (
        f'The demo is ready: bot "{result["bot"]}", {result["trades"]:,} synthetic paper trades. '
        "It lives on while the worker runs; python3 manage.py demo --clear removes it."
    )


def removed(result):
    if not result["removed"]:
        return "There is no demo here."
    return f"The demo and its {result['trades']:,} trades are gone; nothing else was touched."


def _silence(text):
    pass
