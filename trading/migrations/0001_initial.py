import django.core.validators
import django.db.models.deletion
import simple_history.models
import trading.clock
import trading.models.fields
from django.conf import settings
from django.db import migrations, models


def store_hours_uncompressed(apps, schema_editor):
    """PostgreSQL would try to compress what does not get shorter by it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE trading_rollupday ALTER COLUMN hours SET STORAGE EXTERNAL")


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Bot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64, validators=[django.core.validators.RegexValidator('\\A[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}\\Z', 'Use 1 to 64 letters, digits, spaces, dots, dashes or underscores, starting with a letter or digit.')])),
                ('notes', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=trading.clock.now, editable=False)),
                ('reported', models.JSONField(default=dict, editable=False, help_text='Content of the latest heartbeat')),
                ('seen_at', models.DateTimeField(editable=False, null=True, verbose_name='last seen')),
                ('started_at', models.DateTimeField(editable=False, null=True, verbose_name='running since')),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.UniqueConstraint(fields=('name',), name='bot_name_once')],
            },
        ),
        migrations.CreateModel(
            name='Market',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64)),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.UniqueConstraint(fields=('name',), name='market_name_once')],
            },
        ),
        migrations.CreateModel(
            name='CandleSeries',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('interval', models.PositiveIntegerField(help_text='Seconds')),
                ('candles', models.BigIntegerField(default=0)),
                ('first_at', trading.models.fields.InstantField(null=True)),
                ('last_at', trading.models.fields.InstantField(null=True)),
                ('gaps', models.IntegerField(default=0, help_text='Number of gaps')),
                ('missing', models.BigIntegerField(default=0, help_text='Number of missing candles')),
                ('bot', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='candle_series', to='trading.bot')),
                ('market', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='candle_series', to='trading.market')),
            ],
            options={
                'verbose_name_plural': 'candle series',
                'ordering': ('market', 'interval', 'bot'),
                'constraints': [models.UniqueConstraint(fields=('bot', 'market', 'interval'), name='series_once_per_bot'), models.UniqueConstraint(condition=models.Q(('bot__isnull', True)), fields=('market', 'interval'), name='shared_series_once'), models.CheckConstraint(condition=models.Q(('interval__gte', 1)), name='series_interval_positive')],
            },
        ),
        migrations.CreateModel(
            name='StateEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64)),
                ('value', models.JSONField()),
                ('as_of', trading.models.fields.InstantField(help_text='Time of the value; older writes are rejected')),
                ('updated_at', models.DateTimeField(default=trading.clock.now)),
                ('bot', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='state', to='trading.bot')),
            ],
            options={
                'verbose_name_plural': 'state entries',
                'ordering': ('bot', 'key'),
                'constraints': [models.UniqueConstraint(fields=('bot', 'key'), name='state_key_once')],
            },
        ),
        migrations.CreateModel(
            name='StrategyInstance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('strategy', models.CharField(help_text='Key of the strategy: rsi_bb', max_length=40)),
                ('label', models.CharField(blank=True, help_text='Distinguishes instances of one strategy: sol', max_length=40)),
                ('created_at', models.DateTimeField(default=trading.clock.now, editable=False)),
                ('bot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='instances', to='trading.bot')),
                ('experiment', models.CharField(blank=True, editable=False, max_length=64)),
                ('size', models.FloatField(default=1.0, editable=False, help_text='Fraction of the normal position size, 0-1')),
                ('status', models.CharField(choices=[('learning', 'Learning'), ('proven', 'Proven'), ('degraded', 'Degraded'), ('paused', 'Paused'), ('frozen', 'Frozen')], default='learning', editable=False, max_length=8)),
            ],
            options={
                'verbose_name': 'strategy',
                'verbose_name_plural': 'strategies',
                'ordering': ('bot', 'strategy', 'label'),
                'constraints': [models.UniqueConstraint(fields=('bot', 'strategy', 'label'), name='instance_once_per_bot')],
            },
        ),
        migrations.CreateModel(
            name='ParameterSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('values', models.JSONField()),
                ('reason', models.CharField(max_length=500)),
                ('origin', models.CharField(choices=[('default', 'Declared defaults'), ('admin', 'Admin'), ('api', 'API'), ('import', 'Import'), ('experiment', 'Experiment'), ('rollback', 'Rollback')], max_length=10)),
                ('created_at', models.DateTimeField(default=trading.clock.now)),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parameter_sets', to='trading.strategyinstance')),
                ('made_by', models.CharField(blank=True, help_text='What created it, if no user did: a token or a command', max_length=80)),
            ],
            options={
                'ordering': ('instance', '-version'),
                'constraints': [models.UniqueConstraint(fields=('instance', 'version'), name='version_once_per_instance'), models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='version_from_one')],
            },
        ),
        migrations.CreateModel(
            name='Scope',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('instance', 'Instance'), ('market', 'Market of an instance'), ('set', 'Parameter set of an instance')], max_length=8)),
                ('mode', models.CharField(choices=[('live', 'Live'), ('paper', 'Paper')], max_length=5)),
                ('currency', models.CharField(max_length=12)),
                ('key', models.CharField(help_text='Unique key made of the fields above', max_length=80)),
                ('market', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='trading.market')),
                ('parameter_set', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='trading.parameterset')),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scopes', to='trading.strategyinstance')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('key',), name='scope_once')],
            },
        ),
        migrations.CreateModel(
            name='RollupDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.IntegerField(help_text='Days since 1970, UTC')),
                ('tally', models.BinaryField()),
                ('hours', models.BinaryField()),
                ('scope', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='days', to='trading.scope')),
            ],
            options={
                'verbose_name': 'daily aggregate',
                'constraints': [models.UniqueConstraint(fields=('scope', 'day'), name='rollup_once')],
            },
        ),
        migrations.CreateModel(
            name='RenkoBrick',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.BigIntegerField()),
                ('open_at', trading.models.fields.InstantField()),
                ('close_at', trading.models.fields.InstantField()),
                ('open', models.FloatField()),
                ('close', models.FloatField()),
                ('direction', models.SmallIntegerField(choices=[(1, 'Up'), (-1, 'Down')])),
                ('high', models.FloatField()),
                ('low', models.FloatField()),
                ('size', models.FloatField()),
                ('market', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trading.market')),
                ('instance', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='bricks', to='trading.strategyinstance')),
            ],
            options={
                'ordering': ('-id',),
                'constraints': [models.UniqueConstraint(fields=('instance', 'market', 'sequence'), name='brick_once_per_sequence')],
            },
        ),
        migrations.CreateModel(
            name='Position',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('side', models.CharField(choices=[('long', 'Long'), ('short', 'Short')], max_length=5)),
                ('entry_price', trading.models.fields.AmountField(decimal_places=26, max_digits=40)),
                ('size', trading.models.fields.AmountField(decimal_places=26, help_text='In base units', max_digits=40)),
                ('stop_loss', trading.models.fields.AmountField(decimal_places=26, max_digits=40, null=True)),
                ('take_profit', trading.models.fields.AmountField(decimal_places=26, max_digits=40, null=True)),
                ('entry_at', trading.models.fields.InstantField()),
                ('as_of', trading.models.fields.InstantField(help_text='Time of the report; older reports are rejected')),
                ('order_id', models.CharField(blank=True, max_length=64)),
                ('initial_size', trading.models.fields.AmountField(decimal_places=26, max_digits=40, null=True)),
                ('scaled_entries', models.JSONField(default=list)),
                ('extra', models.JSONField(default=dict)),
                ('market', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='positions', to='trading.market')),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='positions', to='trading.strategyinstance')),
            ],
            options={
                'ordering': ('instance', 'market'),
                'constraints': [models.UniqueConstraint(fields=('instance', 'market'), name='position_once_per_market'), models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='position_size_positive')],
            },
        ),
        migrations.CreateModel(
            name='LiveSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('live_from', trading.models.fields.InstantField()),
                ('reason', models.CharField(max_length=500)),
                ('origin', models.CharField(choices=[('default', 'Declared defaults'), ('admin', 'Admin'), ('api', 'API'), ('import', 'Import'), ('experiment', 'Experiment'), ('rollback', 'Rollback')], max_length=10)),
                ('parameter_set', models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='trading.parameterset')),
                ('strategy_instance', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='live', to='trading.strategyinstance')),
            ],
            options={
                'verbose_name': 'live parameters',
                'verbose_name_plural': 'live parameters',
            },
        ),
        migrations.CreateModel(
            name='LivePeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('live_from', trading.models.fields.InstantField()),
                ('parameter_set', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='live_periods', to='trading.parameterset')),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='live_periods', to='trading.strategyinstance')),
            ],
            options={
                'ordering': ('instance', 'live_from'),
                'constraints': [models.UniqueConstraint(fields=('instance', 'live_from'), name='one_set_live_at_once')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalLiveSet',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('live_from', trading.models.fields.InstantField()),
                ('reason', models.CharField(max_length=500)),
                ('origin', models.CharField(choices=[('default', 'Declared defaults'), ('admin', 'Admin'), ('api', 'API'), ('import', 'Import'), ('experiment', 'Experiment'), ('rollback', 'Rollback')], max_length=10)),
                ('history_change_reason', models.CharField(max_length=500, null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('parameter_set', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trading.parameterset')),
                ('strategy_instance', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='trading.strategyinstance')),
            ],
            options={
                'verbose_name': 'historical live parameters',
                'verbose_name_plural': 'historical live parameters',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='EvaluationCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_at', trading.models.fields.InstantField()),
                ('to_at', trading.models.fields.InstantField()),
                ('evaluations', models.BigIntegerField()),
                ('signals', models.BigIntegerField()),
                ('blocked', models.JSONField(default=dict, help_text='Number of blocked signals by filter')),
                ('market', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trading.market')),
                ('instance', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='evaluations', to='trading.strategyinstance')),
            ],
            options={
                'ordering': ('-id',),
                'constraints': [models.UniqueConstraint(fields=('instance', 'market', 'from_at'), name='evaluations_once'), models.CheckConstraint(condition=models.Q(('to_at__gt', models.F('from_at'))), name='evaluations_ordered')],
            },
        ),
        migrations.CreateModel(
            name='Book',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.CharField(choices=[('live', 'Live'), ('paper', 'Paper')], default='live', max_length=5)),
                ('currency', models.CharField(default='USD', max_length=12)),
                ('market', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='books', to='trading.market')),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='books', to='trading.strategyinstance')),
            ],
            options={
                'ordering': ('instance', 'market', 'mode', 'currency'),
                'constraints': [models.UniqueConstraint(fields=('instance', 'market', 'mode', 'currency'), name='book_once')],
            },
        ),
        migrations.CreateModel(
            name='Trade',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(help_text="The bot's own id of the trade", max_length=64, verbose_name='id')),
                ('side', models.CharField(choices=[('long', 'Long'), ('short', 'Short')], max_length=5)),
                ('entry_price', trading.models.fields.AmountField(decimal_places=26, max_digits=40)),
                ('exit_price', trading.models.fields.AmountField(decimal_places=26, max_digits=40)),
                ('size', trading.models.fields.AmountField(decimal_places=26, help_text='In base units', max_digits=40)),
                ('stop_loss', trading.models.fields.AmountField(decimal_places=26, help_text='The initial stop, which defines the risk (R)', max_digits=40, null=True)),
                ('leverage', models.FloatField(null=True)),
                ('entry_at', trading.models.fields.InstantField()),
                ('exit_at', trading.models.fields.InstantField()),
                ('exit_reason', models.CharField(max_length=40)),
                ('pnl_pct', models.FloatField(help_text='Percent of the entry notional, net of fees', verbose_name='PnL %')),
                ('pnl', trading.models.fields.AmountField(decimal_places=26, help_text='In the currency of the book, net of fees', max_digits=40, verbose_name='PnL')),
                ('fee', trading.models.fields.AmountField(decimal_places=26, max_digits=40, null=True)),
                ('reported_version', models.BigIntegerField(help_text='Parameter version reported by the bot', null=True)),
                ('arm', models.CharField(blank=True, max_length=64)),
                ('tag', models.CharField(blank=True, max_length=500)),
                ('flagged', models.BooleanField(default=False, help_text='The reported PnL differs from the prices by more than the fees')),
                ('revision', models.BigIntegerField(default=0)),
                ('digest', models.BigIntegerField(help_text='Hash of the content, to detect repeats')),
                ('stored_at', trading.models.fields.InstantField(help_text='When this row was first stored')),
                ('book', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='trades', to='trading.book')),
                ('bot', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='trades', to='trading.bot')),
                ('parameter_set', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='trades', to='trading.parameterset')),
            ],
            options={
                'ordering': ('-exit_at', '-id'),
                'indexes': [models.Index(fields=['book', 'exit_at'], name='trade_by_book'), models.Index(fields=['book', 'exit_reason', 'exit_at'], name='trade_by_reason'), models.Index(fields=['exit_at'], name='trade_by_exit'), models.Index(fields=['parameter_set', 'exit_at'], name='trade_by_set'), models.Index(condition=models.Q(('flagged', True)), fields=['exit_at'], name='trade_flagged')],
                'constraints': [models.UniqueConstraint(fields=('bot', 'external_id'), name='trade_once_per_bot'), models.CheckConstraint(condition=models.Q(('exit_at__gte', models.F('entry_at'))), name='trade_exit_after_entry'), models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='trade_size_positive')],
            },
        ),
        migrations.CreateModel(
            name='TradeContext',
            fields=[
                ('trade', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='context', serialize=False, to='trading.trade')),
                ('volatility_bps', models.FloatField(null=True)),
                ('price_trend', models.CharField(blank=True, choices=[('up', 'Up'), ('down', 'Down'), ('sideways', 'Sideways')], max_length=8)),
                ('volatility_trend', models.CharField(blank=True, choices=[('increasing', 'Increasing'), ('decreasing', 'Decreasing'), ('stable', 'Stable')], max_length=10)),
                ('entry_hour', models.SmallIntegerField(help_text='0-23, UTC', null=True)),
                ('entry_day_of_week', models.SmallIntegerField(help_text='Monday 0, UTC', null=True)),
                ('signal_strength', models.FloatField(help_text='0-1', null=True)),
                ('mfe_pct', models.FloatField(help_text='Maximum favourable excursion, percent', null=True, verbose_name='MFE %')),
                ('mae_pct', models.FloatField(help_text='Maximum adverse excursion, percent', null=True, verbose_name='MAE %')),
                ('time_to_mfe_seconds', models.FloatField(null=True)),
                ('hold_time_seconds', models.FloatField(null=True)),
                ('reached_tp', models.BooleanField(null=True)),
                ('reached_sl', models.BooleanField(null=True)),
                ('features', models.JSONField(default=dict, help_text='Features declared by the strategy')),
                ('other', models.JSONField(default=dict, help_text='Other fields sent by the bot')),
            ],
            options={
                'verbose_name': 'trade context',
            },
        ),
        migrations.CreateModel(
            name='TradeRevision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.BigIntegerField(help_text='The revision that was replaced')),
                ('content', models.JSONField()),
                ('replaced_at', models.DateTimeField(default=trading.clock.now)),
                ('trade', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='trading.trade')),
            ],
            options={
                'ordering': ('trade', 'revision'),
                'constraints': [models.UniqueConstraint(fields=('trade', 'revision'), name='revision_once_per_trade')],
            },
        ),
        migrations.CreateModel(
            name='BotToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(choices=[('bot', 'Bot: read and write its own data'), ('read', 'Read its data'), ('operate', 'Operate: bot, and change parameters')], default='bot', max_length=8)),
                ('prefix', models.CharField(editable=False, max_length=12)),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('created_at', models.DateTimeField(default=trading.clock.now, editable=False)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('bot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to='trading.bot')),
            ],
            options={
                'verbose_name': 'token',
                'ordering': ('bot', '-created_at'),
                'constraints': [models.UniqueConstraint(fields=('digest',), name='token_digest_once')],
            },
        ),
        migrations.CreateModel(
            name='CandleBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start', models.BigIntegerField(help_text="Epoch seconds, a multiple of the block's length")),
                ('candles', models.IntegerField()),
                ('first', models.BigIntegerField(help_text='Open time of the first candle, epoch seconds')),
                ('last', models.BigIntegerField(help_text='Open time of the last candle, epoch seconds')),
                ('gaps', models.IntegerField(default=0)),
                ('columns', models.BinaryField()),
                ('as_of', models.BinaryField(help_text='float64 per candle, if the bot reports it', null=True)),
                ('series', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='blocks', to='trading.candleseries')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('series', 'start'), name='block_once_per_series')],
            },
        ),
        migrations.CreateModel(
            name='SimulatedClock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', trading.models.fields.InstantField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_simulated_clock')],
            },
        ),
        migrations.CreateModel(
            name='ExternalStrategy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('declaration', models.JSONField(help_text='The validated declaration, as posted')),
                ('declared_at', models.DateTimeField(default=trading.clock.now)),
                ('bot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='external_strategies', to='trading.bot')),
            ],
            options={
                'verbose_name': 'custom strategy',
                'verbose_name_plural': 'custom strategies',
                'ordering': ('bot', 'key'),
                'constraints': [models.UniqueConstraint(fields=('bot', 'key'), name='external_key_once_per_bot')],
            },
        ),
        migrations.CreateModel(
            name='ClosedPosition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('as_of', trading.models.fields.InstantField()),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='trading.strategyinstance')),
                ('market', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='trading.market')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('instance', 'market'), name='closed_once_per_market')],
            },
        ),
        migrations.CreateModel(
            name='Freeze',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('frozen_at', models.DateTimeField(default=trading.clock.now)),
                ('reason', models.CharField(max_length=500)),
                ('lifted_at', models.DateTimeField(blank=True, null=True)),
                ('lift_reason', models.CharField(blank=True, max_length=500)),
                ('bot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='freezes', to='trading.bot')),
                ('frozen_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lifted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('bot', '-frozen_at'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('lifted_at__isnull', True)), fields=('bot',), name='one_freeze_at_once')],
            },
        ),
        migrations.CreateModel(
            name='Preset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('named_at', models.DateTimeField(default=trading.clock.now)),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='presets', to='trading.strategyinstance')),
                ('parameter_set', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='preset', to='trading.parameterset')),
            ],
            options={
                'ordering': ('instance', 'name'),
                'constraints': [models.UniqueConstraint(fields=('instance', 'name'), name='preset_once_per_instance')],
            },
        ),
        migrations.CreateModel(
            name='Experiment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64)),
                ('design', models.CharField(choices=[('ab', 'A/B: arms alternate'), ('before_after', 'Before and after: one switch')], default='ab', max_length=12)),
                ('status', models.CharField(choices=[('planned', 'Planned'), ('active', 'Active'), ('completed', 'Completed'), ('stopped', 'Stopped early')], default='planned', max_length=9)),
                ('reason', models.CharField(help_text='Hypothesis', max_length=500)),
                ('notes', models.TextField(blank=True)),
                ('made_by', models.CharField(blank=True, max_length=80)),
                ('created_at', models.DateTimeField(default=trading.clock.now)),
                ('seed', models.BigIntegerField(help_text='Seed of the random order of arms')),
                ('block_seconds', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(60), django.core.validators.MaxValueValidator(604800)], verbose_name='block length')),
                ('before_days', models.PositiveSmallIntegerField(default=30)),
                ('max_trades', models.PositiveIntegerField(blank=True, null=True)),
                ('max_days', models.FloatField(blank=True, null=True)),
                ('max_drawdown_pct', models.FloatField(blank=True, null=True)),
                ('max_loss_pct', models.FloatField(blank=True, null=True)),
                ('started_at', trading.models.fields.InstantField(null=True)),
                ('ended_at', trading.models.fields.InstantField(null=True)),
                ('ended_by', models.CharField(blank=True, max_length=150)),
                ('end_reason', models.CharField(blank=True, max_length=500)),
                ('decision', models.CharField(blank=True, choices=[('', 'Open'), ('promoted', 'An arm went live'), ('kept', 'The control was kept')], max_length=8)),
                ('decided_at', models.DateTimeField(null=True)),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='experiments', to='trading.strategyinstance', verbose_name='strategy')),
                ('promoted', models.ForeignKey(help_text='The version that went live at the end', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='promoted_by', to='trading.parameterset')),
            ],
            options={
                'ordering': ('-created_at', '-pk'),
                'indexes': [models.Index(fields=['instance', 'started_at'], name='experiment_by_start')],
                'constraints': [models.UniqueConstraint(fields=('instance', 'name'), name='experiment_name_once'), models.UniqueConstraint(condition=models.Q(('status', 'active')), fields=('instance',), name='one_experiment_at_once'), models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('started_at')), _connector='OR'), name='experiment_ends_after_start')],
            },
        ),
        migrations.CreateModel(
            name='ExperimentArm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveSmallIntegerField(help_text='Order of the arms; the control is 0')),
                ('name', models.CharField(max_length=64)),
                ('share', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1)])),
                ('values', models.JSONField(help_text='All parameters')),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='arms', to='trading.experiment')),
                ('parameter_set', models.ForeignKey(help_text='The served version, created at the start', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='arms', to='trading.parameterset')),
            ],
            options={
                'ordering': ('experiment', 'place'),
                'constraints': [models.UniqueConstraint(fields=('experiment', 'place'), name='arm_place_once'), models.UniqueConstraint(fields=('experiment', 'name'), name='arm_name_once'), models.CheckConstraint(condition=models.Q(('share__gte', 1)), name='arm_share_positive')],
            },
        ),
        migrations.CreateModel(
            name='ArmBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('starts_at', trading.models.fields.InstantField()),
                ('ends_at', trading.models.fields.InstantField(null=True)),
                ('served_at', trading.models.fields.InstantField(help_text='When the bot first asked within the block')),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blocks', to='trading.experiment')),
                ('arm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='trading.experimentarm')),
            ],
            options={
                'ordering': ('experiment', 'number'),
                'constraints': [models.UniqueConstraint(fields=('experiment', 'number'), name='block_served_once')],
            },
        ),
        migrations.RunPython(store_hours_uncompressed, migrations.RunPython.noop),
    ]
