"""The doctor: finds what is wrong, says what to do in both languages, changes nothing."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

from contact_centre.centre_reading import ensure_centre_file
from contact_centre.doctor import Finding, examine
from contact_centre.secrets_file import give_secret, load_secrets
from contact_centre.settings import Settings, load_settings
from tests.certificates import NAME, Authority, Issued


def settings_in(home: Path, **more: str) -> Settings:
    return load_settings(
        {"CENTRALITA_HOME": str(home), **{f"CENTRALITA_{name}": value for name, value in more.items()}}
    )


async def findings(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in await examine(settings)}


async def test_a_fresh_home_is_sound_and_left_alone(tmp_path: Path) -> None:
    found = await findings(settings_in(tmp_path / "home"))
    assert all(found[name].ok for name in ("home", "secrets", "centre", "database"))
    assert not (tmp_path / "home").exists()


async def test_a_port_in_use_names_its_setting(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        found = await findings(settings_in(tmp_path, HTTP_PORT=str(port)))
    assert not found["http_port"].ok
    assert "CENTRALITA_HTTP_PORT" in found["http_port"].es
    assert "CENTRALITA_HTTP_PORT" in found["http_port"].en
    assert found["http_port"].line_in("en").startswith("✗ http_port")


async def test_secrets_others_can_read_are_told(tmp_path: Path) -> None:
    load_secrets(tmp_path)
    (tmp_path / "secrets.json").chmod(0o644)
    found = await findings(settings_in(tmp_path))
    assert not found["secrets"].ok
    assert "chmod 600" in found["secrets"].es


async def test_a_broken_centre_file_is_told_with_its_line(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    path = ensure_centre_file(settings)
    path.write_text(path.read_text().replace("wrap_up_s: 30", "wrap_up_s: -1"))
    found = await findings(settings)
    assert not found["centre"].ok
    assert "centre.yaml:" in found["centre"].en


async def test_a_connector_without_its_secret_is_told_unless_all_are_simulated(tmp_path: Path) -> None:
    folder = tmp_path / "flows" / "demo" / "connectors"
    folder.mkdir(parents=True)
    (folder / "facturacion.yaml").write_text(
        "base: https://a.example\nauthentication: {kind: bearer, secret: la_clave}\n"
        "operations: {a: {get: /a, example: {}}}\n"
    )
    settings = settings_in(tmp_path / "home", FLOWS_FOLDER=str(tmp_path / "flows"))
    ensure_centre_file(settings)
    found = await findings(settings)
    assert not found["connectors"].ok
    assert "la_clave" in found["connectors"].es
    give_secret(settings.home, "la_clave", "s3creto")
    assert (await findings(settings))["connectors"].ok
    (settings.home / "secrets.json").unlink()
    simulating = settings_in(
        tmp_path / "home", FLOWS_FOLDER=str(tmp_path / "flows"), SIMULATE_CONNECTORS="true"
    )
    assert "connectors" not in await findings(simulating)


async def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        url = f"postgresql+asyncpg://user:hidden-word@127.0.0.1:{port}/x"
        found = await findings(settings_in(tmp_path, DATABASE_URL=url))
    assert not found["database"].ok
    assert "hidden-word" not in found["database"].es + found["database"].en
    assert "CENTRALITA_DATABASE_URL" in found["database"].en


async def test_a_home_below_a_file_is_told() -> None:
    with tempfile.NamedTemporaryFile() as file:  # pytest's own folders may be too long for a home
        found = await findings(settings_in(Path(file.name) / "home"))
    assert not found["home"].ok


async def test_plain_http_beyond_loopback_is_told(tmp_path: Path) -> None:
    found = await findings(settings_in(tmp_path, HTTP_HOST="0.0.0.0", PUBLIC_URL="http://centro.example.ec"))
    assert "CENTRALITA_PLAIN_HTTP_ALLOWED" in found["http"].es
    assert "micrófono" in found["public_url"].es
    assert not found["http"].ok
    assert not found["public_url"].ok
    assert not {"http", "certificate"} & set(await findings(settings_in(tmp_path)))


async def test_a_certificate_is_told_with_its_days(tmp_path: Path, authority: Authority) -> None:
    async def of(issued: Issued, **more: str) -> dict[str, Finding]:
        files = {"TLS_CERTIFICATE": str(issued.certificate), "TLS_KEY": str(issued.key)}
        return await findings(settings_in(tmp_path, **files, **more))

    found = await of(authority.issue("long", days=22), PUBLIC_URL=f"https://{NAME}")
    assert (found["certificate"].ok, found["certificate"].en) == (True, "good for 21 more days")
    assert not {"certificate name", "certificate key"} & set(found)
    short = authority.issue("short", days=20)
    short.key.chmod(0o644)
    found = await of(short, PUBLIC_URL="https://other.example")
    assert not found["certificate"].ok
    assert "vence en 19 días" in found["certificate"].es
    assert "other.example" in found["certificate name"].en
    assert "chmod o=" in found["certificate key"].en
    found = await of(authority.issue("over", days=-1))
    assert "venció" in found["certificate"].es
    assert "expired" in found["certificate"].en
