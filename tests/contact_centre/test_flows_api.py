"""What a designer reads of the flows: the files as they are now, what is wrong with them, and what to do."""

from __future__ import annotations

from tests.contact_centre.house import CentreHouse

SOUND = """
title: {es: Atención, en: Service}
languages: [es]
human: cola
steps:
  saludo:
    say: Bienvenido.
  cola:
    queue: soporte
"""


async def test_flows_are_listed_with_their_steps_and_problems(house: CentreHouse) -> None:
    house.flows.mkdir()
    (house.flows / "demo.yaml").write_text(SOUND)
    (house.flows / "averia.yaml").write_text(SOUND.replace("soporte", "suporte"))
    (house.flows / "rota.yaml").write_text("steps: [")
    async with house.client("diego") as diego:
        answer = await diego.get("/flows")
        assert answer["problems"] == []
        flows = {flow["name"]: flow for flow in answer["flows"]}
        assert list(flows) == ["demo", "averia", "rota"]  # what is dialled comes first
        demo = flows["demo"]
        assert demo["numbers"] == [{"number": "101", "label": {"es": "Reclamos"}}]
        assert (demo["usable"], demo["start"], demo["human"], demo["problems"]) == (
            True,
            "saludo",
            "cola",
            [],
        )
        assert demo["steps"][0] == {
            "id": "saludo",
            "verb": "say",
            "about": "",
            "heard": {"": "Bienvenido."},
            "ways": [{"label": "", "to": "cola"}],
        }
        wrong = flows["averia"]["problems"][0]
        assert (wrong["file"], wrong["line"], wrong["severity"]) == ("averia.yaml", 9, "error")
        assert "suporte" in wrong["message"]["es"]
        assert "soporte" in wrong["remedy"]["en"]
        assert (flows["rota"]["usable"], flows["rota"]["steps"]) == (False, [])
        assert flows["rota"]["problems"][0]["code"] == "yaml_syntax"
        (house.flows / "averia.yaml").write_text(SOUND)  # repaired and looked at again
        again = await diego.get("/flows")
        assert {flow["name"]: len(flow["problems"]) for flow in again["flows"]}["averia"] == 0


async def test_a_missing_folder_and_a_missing_flow_are_told(house: CentreHouse) -> None:
    async with house.client("diego") as diego:
        answer = await diego.get("/flows")
    assert [problem["code"] for problem in answer["problems"]] == ["unreadable"]
    assert [(flow["name"], flow["usable"]) for flow in answer["flows"]] == [("demo", False)]
