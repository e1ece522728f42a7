"""A flow as it is drawn: steps in their order, each way under its name."""

from __future__ import annotations

from ivr_flows import Way, outline, read_flows

FLOW = """
title: {es: Prueba}
languages: [es, en]
human: persona
steps:
  horario:
    hours:
      schedule: {lun-vie: "08:00-16:00"}
      closed: despedida
  menu:
    menu:
      prompt: [{es: Marque 1., en: Press 1.}, {file: pitido}]
      options: {1: datos}
      otherwise: end
  datos:
    subflow: otro
  persona:
    queue: soporte
  elige:
    if: {condition: "language == 'es'", then: menu, else: despedida}
  despedida:
    say: {es: Adiós, en: Goodbye}
"""
OTHER = """
title: {es: Otro}
languages: [es]
steps:
  fin:
    hang_up:
"""


def test_steps_ways_and_words_are_told_as_written() -> None:
    flows, _ = read_flows({"demo": FLOW, "otro": OTHER})
    steps = {step.id: step for step in outline(flows["demo"])}
    assert list(steps) == ["horario", "menu", "datos", "persona", "elige", "despedida"]
    assert steps["horario"].ways == (Way("closed", "despedida"), Way("", "menu"))
    assert steps["menu"].ways == (Way("1", "datos"), Way("otherwise", "end"), Way("0", "persona"))
    assert steps["menu"].heard == {"es": "Marque 1. pitido", "en": "Press 1. pitido", "": "pitido"}
    assert (steps["datos"].about, steps["datos"].ways) == ("otro", (Way("", "persona"),))
    assert (steps["persona"].about, steps["persona"].ways) == ("soporte", ())
    assert steps["elige"].ways == (
        Way("then", "menu"),
        Way("else", "despedida"),
    )  # the step below never follows
    assert steps["despedida"].heard["en"] == "Goodbye"
