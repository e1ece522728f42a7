"""Settings and secrets: what counts first, and what is refused with which sentence."""

from __future__ import annotations

import json
import socket
import stat
from contextlib import nullcontext
from pathlib import Path

import pytest

from contact_centre.listening import require_safe
from contact_centre.secrets_file import load_secrets
from contact_centre.settings import FIRST_NODE, Settings, load_settings
from voice_core.errors import InvalidInputError


def test_environment_wins_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    (tmp_path / "centralita.yaml").write_text("http_port: 9001\nsip_port: 9002\n")
    settings = load_settings({"CENTRALITA_HOME": str(tmp_path), "CENTRALITA_SIP_PORT": "9003"})
    assert (settings.http_port, settings.sip_port, settings.ami_port) == (9001, 9003, 5138)


def test_others_variables_are_not_ours(tmp_path: Path) -> None:
    settings = load_settings({"CENTRALITA_HOME": str(tmp_path), "CENTRALITA_TEST_RUN": "x", "HTTP_PORT": "1"})
    assert settings.http_port == 8080


@pytest.mark.parametrize("scheme", ["postgresql+asyncpg", "postgresql", "postgres"])
def test_postgresql_is_reached_by_our_driver_however_it_is_written(tmp_path: Path, scheme: str) -> None:
    url = f"{scheme}://centralita:x@127.0.0.1/postgresql"
    settings = load_settings({"CENTRALITA_HOME": str(tmp_path), "CENTRALITA_DATABASE_URL": url})
    assert settings.database == "postgresql+asyncpg://centralita:x@127.0.0.1/postgresql"


def test_two_homes_share_nothing(tmp_path: Path) -> None:
    one, two = (load_settings({"CENTRALITA_HOME": str(tmp_path / name)}) for name in ("one", "two"))
    assert one.database != two.database
    assert one.asterisk_home != two.asterisk_home
    assert load_secrets(one.home) != load_secrets(two.home)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("HTTP_PORT", "80000", "CENTRALITA_HTTP_PORT"),
        ("HTTP_PORT", "eighty", "CENTRALITA_HTTP_PORT"),
        ("ASTERISK_HTTP_HOST", "0.0.0.0", "loopback"),
        ("ASTERISK_HTTP_HOST", "192.0.2.7", "loopback"),
        ("SIP_PORT", "8080", "must differ"),
        ("RTP_END", "20001", "rtp_end"),
        ("SIP_PORT", "20500", "belong to calls"),
        ("SIP_HOST", "127.0.0.1\nbind=0.0.0.0", "CENTRALITA_SIP_HOST"),
        ("HOME", "/tmp/a;b", "characters Asterisk cannot read"),
        ("HOME", "/tmp/a\n[trunk]", "characters Asterisk cannot read"),
        ("HOME", "/tmp/" + "long/" * 30, "too long"),
        ("LOG_LEVEL", "chatty", "CENTRALITA_LOG_LEVEL"),
        ("REDIS_URL", "http://:x@127.0.0.1:6379", "CENTRALITA_REDIS_URL: must begin with redis:.*unix://$"),
        ("PUBLIC_URL", "centro.example.ec", "CENTRALITA_PUBLIC_URL: must be what people type, like https"),
        ("PUBLIC_URL", "https://centro.example.ec/panel", "without a path"),
        ("PUBLIC_URL", "https://atención.example", "xn--"),
        ("PUBLIC_URL", "ftp://centro.example.ec", "CENTRALITA_PUBLIC_URL"),
        ("TLS_CERTIFICATE", "/etc/ssl/one.pem", "tls_certificate and tls_key belong together"),
        ("TLS_KEY", "one.key", "CENTRALITA_TLS_KEY: must be a full path"),
        ("TRUSTED_PROXIES", "127.0.0.1, nginx", "CENTRALITA_TRUSTED_PROXIES: must be addresses or networks"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "host bits"),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "would believe everybody"),
        ("TRUSTED_PROXIES", "::/0", "would believe everybody"),
        ("PLAIN_HTTP_ALLOWED", "perhaps", "CENTRALITA_PLAIN_HTTP_ALLOWED"),
        ("CONTROLLER_URL", "127.0.0.1:8080", "CENTRALITA_CONTROLLER_URL"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, name: str, value: str, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        load_settings({"CENTRALITA_HOME": str(tmp_path), f"CENTRALITA_{name}": value})


SECOND = {
    "name": "asterisk-2",
    "sip_port": 5260,
    "asterisk_http_port": 8288,
    "ami_port": 5238,
    "rtp_start": 21000,
    "rtp_end": 21999,
}


def test_a_further_node_has_ports_and_folders_of_its_own(tmp_path: Path) -> None:
    settings = load_settings({"CENTRALITA_HOME": str(tmp_path), "CENTRALITA_NODES": json.dumps([SECOND])})
    first, second = settings.each_node()
    assert (first, first.node, second.node) == (settings, FIRST_NODE, "asterisk-2")
    assert (second.sip_port, second.ari_url) == (5260, "http://127.0.0.1:8288/ari")
    assert second.asterisk_home == tmp_path / "nodes" / "asterisk-2"
    assert (second.shared, second.database) == (first.shared, first.database)
    assert second.at(FIRST_NODE) == first
    assert [node.node for node in second.each_node()] == [FIRST_NODE, "asterisk-2"]
    with pytest.raises(InvalidInputError, match="no node otro: name one of asterisk-1, asterisk-2"):
        settings.at("otro")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "Asterisk"}, "small letters"),
        ({"name": "asterisk-1"}, "small letters"),
        ({"sip_port": 5160}, "port 5160 is somebody else's"),
        ({"ami_port": 8288}, "port 8288 is somebody else's"),
        ({"rtp_end": 21000}, "rtp_end"),
        ({"rtp_start": 20500}, "calls of another node"),
        ({"asterisk_http_host": "192.0.2.7"}, "loopback"),
        ({"ports": 1}, "not permitted"),
    ],
)
def test_a_further_node_that_does_not_fit_is_refused(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    variables = {"CENTRALITA_HOME": str(tmp_path), "CENTRALITA_NODES": json.dumps([SECOND | change])}
    with pytest.raises(InvalidInputError, match=told):
        load_settings(variables)


@pytest.mark.parametrize(
    ("text", "told"), [("http_prot: 1\n", "http_prot"), ("[1, 2]\n", "lines"), ("a: [\n", "read")]
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "centralita.yaml").write_text(text)
    with pytest.raises(InvalidInputError, match=told) as refusal:
        load_settings({"CENTRALITA_HOME": str(tmp_path)})
    assert "centralita.yaml" in str(refusal.value)


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first = load_secrets(tmp_path / "home")
    path = tmp_path / "home" / "secrets.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_secrets(tmp_path / "home") == first
    assert len({first.ari_password, first.ami_password, first.session_key}) == 3
    assert first.ari_password not in repr(first)


@pytest.mark.parametrize(
    "weak", ["", "asterisk", "short", "has a space in it somewhere", "semicolon;semicolon;semicolon"]
)
def test_weak_secrets_are_refused_and_not_shown(tmp_path: Path, weak: str) -> None:
    load_secrets(tmp_path)
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "ari_password": weak}))
    with pytest.raises(InvalidInputError, match="ari_password") as refusal:
        load_secrets(tmp_path)
    assert not weak or weak not in str(refusal.value)


def test_where_the_controller_is_reached(tmp_path: Path) -> None:
    def url(**more: str) -> str:
        return load_settings({"CENTRALITA_HOME": str(tmp_path), **more}).own_url

    assert url() == "http://127.0.0.1:8080"
    assert url(CENTRALITA_HTTP_HOST="::1", CENTRALITA_HTTP_PORT="9000") == "http://[::1]:9000"
    assert url(CENTRALITA_HTTP_HOST="0.0.0.0") == f"http://{socket.gethostname()}:8080"
    assert url(CENTRALITA_CONTROLLER_URL="https://inside.example:1/") == "https://inside.example:1"


TLS = {"TLS_CERTIFICATE": "/etc/ssl/one.pem", "TLS_KEY": "/etc/ssl/one.key"}


def with_(home: Path, **more: str) -> Settings:
    return load_settings(
        {"CENTRALITA_HOME": str(home), **{f"CENTRALITA_{name}": it for name, it in more.items()}}
    )


def test_how_people_reach_the_panel(tmp_path: Path) -> None:
    def url(**more: str) -> str:
        return with_(tmp_path, **more).panel_url

    assert url() == "http://127.0.0.1:8080/"
    assert url(PUBLIC_URL="HTTPS://Centro.Example.ec:443/") == "https://centro.example.ec/"
    assert url(PUBLIC_URL="https://centro.example.ec:8443") == "https://centro.example.ec:8443/"
    assert url(PUBLIC_URL="http://[2001:db8::1]:80") == "http://[2001:db8::1]/"
    assert url(**TLS) == "https://127.0.0.1:8080/"
    assert with_(tmp_path, **TLS).own_url == "https://127.0.0.1:8080"
    with pytest.raises(InvalidInputError, match="public_url must begin with https"):
        url(**TLS, PUBLIC_URL="http://centro.example.ec")


def test_a_password_written_into_an_address_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        with_(tmp_path, PUBLIC_URL="https://ana:hidden-word@centro.example.ec")
    assert "hidden-word" not in str(refusal.value)


def test_a_list_is_written_with_commas_or_as_yaml(tmp_path: Path) -> None:
    (tmp_path / "centralita.yaml").write_text("trusted_proxies: [127.0.0.1, '2001:db8::/64']\n")
    assert with_(tmp_path).trusted_proxies == ("127.0.0.1", "2001:db8::/64")
    assert with_(tmp_path, TRUSTED_PROXIES="10.0.3.0/24,10.0.4.1").trusted_proxies == (
        "10.0.3.0/24",
        "10.0.4.1",
    )


@pytest.mark.parametrize(
    ("more", "safe"),
    [
        ({}, False),
        ({"PUBLIC_URL": "https://centro.example.ec"}, False),
        ({"TRUSTED_PROXIES": "10.0.0.1"}, False),
        ({"PUBLIC_URL": "http://centro.example.ec", "TRUSTED_PROXIES": "10.0.0.1"}, False),
        ({"PUBLIC_URL": "https://centro.example.ec", "TRUSTED_PROXIES": "10.0.0.1"}, True),
        ({"PLAIN_HTTP_ALLOWED": "true"}, True),
        (TLS, True),
    ],
)
@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "2001:db8::1"])
def test_beyond_loopback_only_by_https_unless_told_otherwise(
    tmp_path: Path, host: str, more: dict[str, str], safe: bool
) -> None:
    with nullcontext() if safe else pytest.raises(InvalidInputError, match=f"On {host} anybody"):
        require_safe(with_(tmp_path, HTTP_HOST=host, **more))
    for here in ("127.0.0.1", "127.9.9.9", "::1"):
        require_safe(with_(tmp_path, HTTP_HOST=here, **more))
