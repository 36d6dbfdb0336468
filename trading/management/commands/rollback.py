from django.core.management.base import CommandError

from trading import parameters
from trading.management.base import Command as Base
from trading.management.base import instance_named
from trading.parameters.errors import Refused


class Command(Base):
    help = "Let the values of an earlier version of a strategy's parameters be live again."

    def add_arguments(self, parser):
        parser.add_argument("--strategy", required=True, help="key, alias, or rsi_bb@sol")
        parser.add_argument("--to", type=int, required=True, metavar="VERSION")
        parser.add_argument("--reason", required=True, help="why; it stands in the history")
        parser.add_argument("--bot", metavar="NAME", help="needed where several run the strategy")

    def handle(self, *, strategy, to, reason, bot, **options):
        instance = instance_named(strategy, bot)
        try:
            made = parameters.roll_back(instance=instance, to=to, reason=reason, made_by="command")
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        if options["json"]:
            self.answer(
                {
                    "bot": instance.bot.name,
                    "strategy": instance.name,
                    "version": made.version,
                    "rolled_back_to": to,
                    "values": made.values,
                }
            )
        else:
            self.stdout.write(
                f"Version {made.version} of {instance} is live, with the values of version {to}."
            )
