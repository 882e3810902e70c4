"""The command line. Exit codes: 0 done, 1 it did not work, 2 the call or the settings are wrong."""

from __future__ import annotations

import importlib
import sys

import click

# One file a command group; a command is imported only when it is called or shown.
COMMANDS = {
    "dev": "shared.cli.dev:dev",
    "migrate": "shared.cli.admin:migrate",
    "doctor": "shared.cli.doctor:doctor",
    "secrets": "shared.cli.admin:secrets",
    "login-link": "shared.cli.admin:login_link",
    "keys": "shared.cli.keys:keys",
    "tokens": "shared.cli.keys:tokens",
    "collect": "shared.cli.jobs:collect",
    "detect": "shared.cli.jobs:detect",
    "deliver": "shared.cli.jobs:deliver",
    "maintain": "shared.cli.jobs:maintain",
    "import": "shared.cli.history:import_candles",
    "replay": "shared.cli.history:replay",
    "backtest": "shared.cli.backtest:backtest",
    "verify": "shared.cli.verify:verify",
    "sources": "shared.cli.lists:sources",
    "jobs": "shared.cli.lists:jobs",
    "signals": "shared.cli.lists:signals",
    "features": "shared.cli.features:features",
}


class Lazy(click.Group):
    """A group whose commands are imported on use, so that `--help` of one loads nothing of the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="cryptointel")
def cli() -> None:
    """The crypto market-intelligence server that shows its evidence and its track record."""


def main() -> None:
    """Run the command line; problems become one line on standard error."""
    from shared.env import SettingsError
    from shared.errors import Problem
    from shared.platform.d1.errors import D1Error

    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except SettingsError as error:
        click.echo(f"settings are wrong:\n{error}", err=True)
        sys.exit(2)
    except Problem as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2 if error.status == 400 else 1)
    except BrokenPipeError:
        sys.exit(1)
    except (D1Error, OSError) as error:  # no such folder, no right to it, not a database, disk full
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
