"""What the README tells a newcomer to type is true."""

from __future__ import annotations

import re
from pathlib import Path

from contact_centre.settings import Settings, load_settings

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
PORTS = ("http_port", "sip_port", "asterisk_http_port", "ami_port")


def test_the_second_instance_leaves_the_first_one_alone() -> None:
    told = dict(re.findall(r"\b(CENTRALITA_[A-Z_]+)=(\S+)", README))
    second, first = load_settings(told), Settings()
    assert second.home != first.home
    assert not {getattr(second, port) for port in PORTS} & {getattr(first, port) for port in PORTS}
    assert second.rtp_start > first.rtp_end or second.rtp_end < first.rtp_start
    assert second.trunk_host != first.trunk_host
