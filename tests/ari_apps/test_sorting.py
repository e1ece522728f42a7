"""Whose news is it, why did a phone not answer, what does a waiting caller hear: the pure parts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_apps.legs import (
    consult_leg_id,
    customer_leg_id,
    head_of,
    interaction_of,
    is_outside_line,
    node_of,
    offer_leg_id,
    outside_leg_id,
    own_leg_id,
    queue_bridge_id,
    talk_bridge_id,
    third_party_of,
)
from ari_apps.phones import Phones
from ari_apps.plan import TelephonePlan
from ari_apps.presenter import verdict_of
from ari_apps.routes import Routes
from ari_apps.signals import Digit, LegEntered, LegGone, LegReplaced, Signal
from ari_apps.words import waiting_words
from voice_core.interaction import Offer
from voice_core.queue import Announcements

ID = "01hzy8k3v4q5w6x7y8z9a0b1c2"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_an_end_is_told_once_with_its_cause() -> None:
    routes, heard = Routes(), list[Signal]()
    routes.claim("a", heard.append)
    routes.hanging_up("a", 44, None)
    routes.gone("a")
    routes.gone("a", 16)
    assert heard == [LegGone("a", 44, None)]
    assert not routes.claimed()


def test_nobody_else_hears() -> None:
    routes, heard = Routes(), list[Signal]()
    routes.claim("a", heard.append)
    assert not routes.send("b", Digit("b", "1"))
    routes.gone("b", 16)
    assert heard == []


def test_a_replaced_leg_keeps_its_owner() -> None:
    routes, heard = Routes(), list[Signal]()
    routes.claim("old", heard.append)
    assert routes.replaced("old", "new")
    assert routes.entered("new", "")
    routes.gone("old")
    assert heard == [LegReplaced("old", "new"), LegEntered("new", "")]
    assert not routes.replaced("unknown", "other")


@pytest.mark.parametrize(
    ("gone", "verdict"),
    [
        (LegGone("x", 17, 486), "refused"),
        (LegGone("x", 21, 603), "refused"),
        (LegGone("x", 17), "refused"),
        (LegGone("x", 19, 480), "no_answer"),
        (LegGone("x", 18, 408), "no_answer"),
        (LegGone("x", 19), "no_answer"),
        (LegGone("x", 1, 404), "unreachable"),
        (LegGone("x", 20), "unreachable"),
        (LegGone("x", 0), "no_answer"),
    ],
)
def test_why_a_phone_did_not_answer(gone: LegGone, verdict: str) -> None:
    assert verdict_of(gone) == verdict


def test_names_tell_whose_they_are() -> None:
    offer = Offer(f"{ID}.o3", ID, "ana", "soporte", NOW, NOW)
    names = [
        offer_leg_id(offer, "ana"),
        offer_leg_id(offer, "ana-sip"),
        own_leg_id(ID, "ana", "ana-sip", "ab12-1"),
        own_leg_id(ID, "out", "out-sip", "ab12-2"),
        consult_leg_id(ID, 1, "luis"),
        customer_leg_id(ID),
        talk_bridge_id(ID),
    ]
    assert names[:2] == [f"{ID}.ana.o3", f"{ID}.ana.o3-sip"]
    assert len(set(names)) == len(names)
    assert all(interaction_of(name) == ID for name in names)
    assert interaction_of("1795328136.0") is None
    assert interaction_of("6d0199db-1795918258.0") is None
    assert interaction_of(queue_bridge_id("soporte")) is None
    thirds = [
        third_party_of(name) for name in (*names, consult_leg_id(ID, 2, "luis-sip"), outside_leg_id(ID, 3))
    ]
    assert [third for third in thirds if third] == [(1, "luis"), (2, "luis"), (3, "")]
    lines = [name for name in (*names, outside_leg_id(ID, 1)) if is_outside_line(name)]
    assert lines == [customer_leg_id(ID), outside_leg_id(ID, 1)]


@given(
    node=st.sampled_from(["", "asterisk-2", "norte", "a-1-b"]),
    user=st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True),
)
def test_a_name_tells_contact_and_node(node: str, user: str) -> None:
    head, offer = head_of(ID, node), Offer(f"{ID}.o3", ID, user, "soporte", NOW, NOW)
    names = [
        offer_leg_id(offer, user, node=node),
        offer_leg_id(offer, f"{user}-sip", 1, node=node),
        own_leg_id(head, user, user, "ab12-1"),
        consult_leg_id(head, 1, user),
        customer_leg_id(head),
        outside_leg_id(head, 2),
        f"{head}.voicemail.soporte.ab12-1",
    ]
    assert {(interaction_of(name), node_of(name)) for name in (*names, talk_bridge_id(head))} == {(ID, node)}
    assert [third_party_of(name) for name in names[3:6]] == [(1, user.removesuffix("-sip")), None, (2, "")]
    for life in ("", "6d0199db-"):
        assert node_of(f"{node}-{life}1795328136.12" if node else f"{life}1795328136.12") == node
    assert queue_bridge_id("soporte", node) != queue_bridge_id("soporte", "otro")


@given(st.text(alphabet=f"{ID}-.A_~ñ", max_size=60))
def test_no_name_is_too_strange_to_be_read(name: str) -> None:
    owner = interaction_of(name)
    assert owner is None or name.startswith(owner)
    assert node_of(name) in name
    assert third_party_of(name) is None or isinstance(is_outside_line(name), bool)


def test_contacts_of_a_node_that_is_no_more_are_the_first_ones() -> None:
    names = ("asterisk-1", "asterisk-2")
    alone = TelephonePlan({}, {})
    first, second = (TelephonePlan({}, {}, node=name, nodes=names) for name in names)
    assert (alone.mark, first.mark, second.mark) == ("", "", "asterisk-2")
    for node, carrier in (("asterisk-1", first), ("asterisk-2", second), ("gone", first), ("", first)):
        assert [plan for plan in (first, second) if plan.carries(node)] == [carrier]
    assert alone.carries("asterisk-2")
    mine = [customer_leg_id(ID), "1795328136.0", customer_leg_id(head_of(ID, "gone"))]
    assert all(first.owns(leg) and not second.owns(leg) and alone.owns(leg) for leg in mine)
    theirs = [customer_leg_id(head_of(ID, "asterisk-2")), "asterisk-2-1795328136.0"]
    assert all(second.owns(leg) and not first.owns(leg) for leg in theirs)


def test_a_phone_is_dialled_through_the_node_at_which_it_is_registered() -> None:
    here, there = Phones("centralita"), Phones("centralita")
    here.introduce({"asterisk-2": there})
    there.introduce({"asterisk-1": here})
    there.told("PJSIP/ana", "NOT_INUSE")
    assert here.online("ana") == there.online("ana") == ["ana"]
    assert here.dial("ana") == "PJSIP/ana@node-asterisk-2"
    assert there.dial("ana") == "PJSIP/ana"
    here.told("PJSIP/ana", "INUSE")
    assert here.dial("ana") == "PJSIP/ana"
    here.page_came("ana")
    assert there.has_page("ana")
    there.all_gone()
    here.told("PJSIP/ana", "UNAVAILABLE")
    assert here.online("ana") == []
    assert here.dial("ana") == "PJSIP/ana"


def test_phones_by_device_state() -> None:
    phones, changed = Phones("centralita"), list[str]()
    phones.on_change = changed.append
    phones.told("PJSIP/ana-sip", "NOT_INUSE")
    phones.told("PJSIP/ana", "UNAVAILABLE")
    assert phones.online("ana") == ["ana-sip"]
    phones.told("PJSIP/ana", "NOT_INUSE")
    phones.told("PJSIP/ana", "INUSE")
    assert phones.online("ana") == ["ana", "ana-sip"]
    assert [(phone.kind, phone.online) for phone in phones.of("ana")] == [("browser", True), ("sip", True)]
    phones.told("PJSIP/ana", "UNAVAILABLE")
    assert phones.online("ana") == ["ana-sip"]
    assert changed == ["ana", "ana", "ana"]


def test_what_a_waiting_caller_hears() -> None:
    said = Announcements(comfort={"es": ("Uno {place}.", "Dos."), "en": ("One.",)})
    texts = [prompt.text for prompt in waiting_words(said, "es", 3, 150, 0)]
    assert texts == [
        "Usted es el número 3 en la fila.",
        "El tiempo de espera estimado es de 3 minutos.",
        "Uno 3.",
    ]
    assert waiting_words(said, "es", 1, None, 1)[0].text == "Usted es la siguiente persona en la fila."
    assert waiting_words(said, "es", 1, None, 1)[-1].text == "Dos."
    english = waiting_words(said, "en", 2, 20, 5)
    assert [prompt.language for prompt in english] == ["en", "en", "en"]
    assert english[1].text == "The expected wait is one minute."
    assert waiting_words(Announcements(place=False, expected_wait=False), "fr", 1, None, 0) == []
