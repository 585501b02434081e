"""The commands about a person's sign-in: its state, a lost telephone, a lock, open sessions."""

from datetime import datetime
from pathlib import Path

import click

from cityloop.entry.console.opening import opened
from cityloop.entry.console.options import home_option, tell


@click.command("sign-in")
@home_option
@click.argument("name")
def sign_in(home: Path | None, name: str) -> None:
    """Show whether NAME has a second factor, is locked after failed sign-ins, and how many sessions are open."""
    with opened(home, tell) as configuration:
        from cityloop.registry.people.sign_in import sign_in_state
        from cityloop.runtime import clock

        def moment(at: datetime | None) -> str:
            return f"{at.astimezone(configuration.zone):%Y-%m-%d %H:%M}" if at else "no"

        state = sign_in_state(name, clock.now())
        click.echo(f"second factor since: {moment(state.factor_set_at)}")
        click.echo(f"recovery codes left: {state.codes_left}")
        click.echo(f"locked until: {moment(state.locked_until)}")
        click.echo(f"open sessions: {state.sessions}")


@click.command("remove-second-factor")
@home_option
@click.argument("name")
@click.confirmation_option(prompt="After this the password alone is enough. Is it really this person who asks?")
def remove_factor(home: Path | None, name: str) -> None:
    """Remove the second factor of NAME, whose telephone is lost."""
    with opened(home, tell):
        from cityloop.entry.console.opening import BY
        from cityloop.registry.people.second_factor import remove
        from cityloop.runtime import clock

        removed = remove(name, BY, clock.now())
        click.echo(f"{name} {'signs in with the password alone' if removed else 'had no second factor'}.")


@click.command("unlock")
@home_option
@click.argument("name")
@click.option("--address", is_flag=True, help="NAME is an address: let everybody there sign in again.")
def unlock(home: Path | None, name: str, *, address: bool) -> None:
    """Let NAME sign in again at once, after failed attempts."""
    with opened(home, tell):
        from cityloop.entry.console.opening import BY
        from cityloop.registry.people.lockouts import lift, lift_address
        from cityloop.runtime import clock

        lifted = (lift_address if address else lift)(name, BY, clock.now())
        click.echo(f"{name} {'can sign in again' if lifted else 'was not locked'}.")


@click.command("end-sessions")
@home_option
@click.argument("name")
def end_sessions(home: Path | None, name: str) -> None:
    """Sign NAME out everywhere."""
    with opened(home, tell):
        from cityloop.entry.console.opening import BY
        from cityloop.registry.people import sessions
        from cityloop.runtime import clock

        click.echo(f"{sessions.end_sessions(name, BY, clock.now())} sessions ended.")


COMMANDS = (sign_in, remove_factor, unlock, end_sessions)
