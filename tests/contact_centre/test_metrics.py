"""What `/metrics` has counted once contacts have lived: read as Prometheus reads it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.contact_centre.house import CentreHouse
from voice_core.agent import AgentState
from voice_core.interaction import EndReason, Stage


async def figures(house: CentreHouse) -> dict[str, float]:
    """`name{label="value",…}` (labels in order, buckets left out) → figure."""
    async with house.client() as nobody, nobody.http.get(house.server.make_url("/metrics")) as answer:
        assert answer.status == 200
        families = list(text_string_to_metric_families(await answer.text()))
    return {
        sample.name
        + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
        if not sample.name.endswith(("_bucket", "_created"))
    }


async def test_one_conversation_moves_every_figure_of_its_life(house: CentreHouse) -> None:
    before = await figures(house)
    assert not any(name.startswith("centralita_contacts_ended_total ") for name in before)
    waiting = await house.queued()
    house.clock.advance(3)
    await house.desk.set_state("ana", AgentState.AVAILABLE, actor="ana")
    while waiting.stage is not Stage.OFFERED:
        waiting = await house.desk.changed(waiting.id, waiting.version)
    house.clock.advance(4)
    await house.desk.accept(f"{waiting.id}.o1")
    await house.recorded(waiting.id)
    house.clock.advance(50)
    await house.desk.end(waiting.id, EndReason.CUSTOMER_HUNG_UP, actor="customer")
    after = await figures(house)
    ended = "direction=inbound queue=soporte reason=customer_hung_up"
    assert after[f"centralita_contacts_ended_total {ended}"] == 1
    assert after["centralita_offers_total outcome=accepted"] == 1
    assert after["centralita_recordings_total result=stored"] == 1
    for name, seconds in (("time_to_ring", 3), ("wait_to_answer", 7), ("talk", 50)):
        assert after[f"centralita_{name}_seconds_count queue=soporte"] == 1
        assert after[f"centralita_{name}_seconds_sum queue=soporte"] == seconds


async def test_what_did_not_go_well_is_counted_apart(house: CentreHouse) -> None:
    row = await house.queued()
    await house.desk.set_state("ana", AgentState.AVAILABLE, actor="ana")
    while row.stage is not Stage.OFFERED:
        row = await house.desk.changed(row.id, row.version)
    await house.desk.decline(f"{row.id}.o1", "refused")
    await house.recorder.started(row.id, "a-channel-without-a-file")
    await house.desk.end(row.id, EndReason.ABANDONED, actor="customer")
    await house.recorder.finished(row.id)
    house.telephone.reconnects = 2
    after = await figures(house)
    assert after["centralita_offers_total outcome=refused"] == 1
    assert after["centralita_contacts_ended_total direction=inbound queue=soporte reason=abandoned"] == 1
    assert after["centralita_recordings_total result=lost"] == 1
    assert after["centralita_ari_reconnects_total"] == 2
    assert "centralita_talk_seconds_count queue=soporte" not in after
    assert (await figures(house))[
        "centralita_ari_reconnects_total"
    ] == 2  # looking again counts nothing twice
