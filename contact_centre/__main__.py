"""`centralita`: the command line."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from pydantic_core import to_jsonable_python

from contact_centre.allocator import large_blocks_go_back
from contact_centre.collector import imports
from contact_centre.commands import backup, calls, connectors, flows, users
from contact_centre.commands.console import AsJson, Lang, Language, carry_out, print_json, refuse
from contact_centre.logs import set_up_logs
from contact_centre.settings import FIRST_NODE, Settings, load_settings
from voice_core.errors import CentralitaError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Centralita: un centro de contacto propio. (A contact centre of one's own.)",
)
app.add_typer(users.app, name="user")
app.add_typer(calls.app, name="calls")
app.add_typer(connectors.app, name="connector")
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(flows.app, name="flow")
run_app = typer.Typer(no_args_is_help=True, help="Las partes por separado. (The parts, each by itself.)")
app.add_typer(run_app, name="run")


LogJson = Annotated[bool, typer.Option("--log-json", help="Logs as JSON lines")]


@app.command()
def up(
    *,
    lang: Lang = Language.ES,
    telephone: Annotated[bool, typer.Option(help="Start Asterisk and take calls")] = True,
    log_json: LogJson = False,
) -> None:
    """Start everything, until Ctrl-C. (Arrancar todo.)"""
    with imports():
        from contact_centre.commands.up import up as serve

    settings = _settings_to_serve(log_json=log_json)
    raise typer.Exit(serve(settings, language=lang, with_telephone=telephone))


@run_app.command("controller")
def run_controller(*, lang: Lang = Language.ES, log_json: LogJson = False) -> None:
    """All but Asterisk, which runs by itself: stopping this leaves its calls. (Todo menos Asterisk.)"""
    with imports():
        from contact_centre.commands.up import run_controller as serve

    settings = _settings_to_serve(log_json=log_json)
    raise typer.Exit(carry_out(lambda: serve(settings, language=lang)))


@run_app.command("asterisk")
def run_asterisk(
    *,
    node: Annotated[str, typer.Option(help="Which of several, by its name under `nodes`")] = FIRST_NODE,
    log_json: LogJson = False,
) -> None:
    """Asterisk alone, watched and started again when it dies. (Solo Asterisk.)"""
    with imports():
        from contact_centre.commands.up import run_asterisk as serve

    settings = _settings_to_serve(log_json=log_json)
    raise typer.Exit(carry_out(lambda: serve(settings, node)))


@run_app.command("web")
def run_web(*, log_json: LogJson = False) -> None:
    """Panel and API, before a controller that runs elsewhere; as many as wanted. (Panel y API.)"""
    with imports():
        from contact_centre.commands.apart import run_web as serve

    settings = _settings_to_serve(log_json=log_json)
    raise typer.Exit(carry_out(lambda: serve(settings)))


@run_app.command("worker")
def run_worker(*, log_json: LogJson = False) -> None:
    """What follows from contacts that are over. (Lo que sigue a cada contacto.)"""
    with imports():
        from contact_centre.commands.apart import run_worker as serve

    settings = _settings_to_serve(log_json=log_json)
    raise typer.Exit(carry_out(lambda: serve(settings)))


@app.command()
def provision(*, as_json: AsJson = False) -> None:
    """Write Asterisk's files, for an Asterisk that others start. (Escribir los archivos de Asterisk.)"""
    from contact_centre.telephony import write_files

    settings = _settings()
    written = carry_out(lambda: write_files(settings))
    nodes = {
        node.node: {
            "config": str(node.asterisk_home / "etc" / "asterisk.conf"),
            "written": sorted(written[node.node]),
        }
        for node in settings.each_node()
    }
    if as_json:
        print_json(nodes[FIRST_NODE] | ({"nodes": nodes} if settings.nodes else {}))
        return
    for node in nodes.values():
        typer.echo(node["config"])
        for name in node["written"]:
            typer.echo(f"  {name}")


@app.command()
def doctor(*, as_json: AsJson = False, lang: Lang = Language.ES) -> None:
    """Check everything the centre needs, and say what to do. (Revisar.)"""
    from contact_centre.doctor import examine

    findings = carry_out(lambda: examine(_settings()))
    if as_json:
        print_json(to_jsonable_python(findings))
    else:
        for finding in findings:
            typer.echo(finding.line_in(lang))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@app.command("demo-call")
def demo_call(
    number: str,
    press: Annotated[str, typer.Option(help="Keys, one for each prompt that is heard")] = "",
    say: Annotated[str, typer.Option(help="What the caller says once somebody answers")] = "",
    hang_up_after: Annotated[float, typer.Option(help="Seconds", min=1, max=3600)] = 120.0,
    caller: Annotated[str, typer.Option("--from", help="The caller's number; made up unless given")] = "",
    *,
    tone: Annotated[bool, typer.Option("--tone", help="Send a tone instead of speech")] = False,
    lang: Lang = Language.ES,
) -> None:
    """Place a real call through the test trunk and tell it line by line. (Llamada de prueba.)"""
    from contact_centre.demo_call import demo_call as place_call

    settings = _settings()
    set_up_logs("error", as_json=False)
    code = carry_out(
        lambda: place_call(
            settings,
            number,
            press=press,
            say=say,
            tone=tone,
            hang_up_after_s=hang_up_after,
            from_number=caller,
            language=lang,
        )
    )
    raise typer.Exit(code)


def _settings() -> Settings:
    try:
        return load_settings()
    except CentralitaError as error:
        refuse(error)


def _settings_to_serve(*, log_json: bool) -> Settings:
    large_blocks_go_back()
    settings = _settings()
    set_up_logs(settings.log_level, as_json=log_json)
    return settings


def main() -> None:
    """The installed program."""
    try:
        app()
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
