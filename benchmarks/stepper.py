"""How many steps a second the flow machine walks: `python benchmarks/stepper.py`. First target: 20 000."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from ivr_flows import Context, Machine, Organisation, load_flows
from ivr_flows.effects import Enqueue
from ivr_flows.inputs import Digits, Done, Input, NoInput

SECONDS = 3.0
FLOWS = Path(__file__).parent.parent / "ivr_flows" / "flows" / "demo"
CALL: tuple[Input, ...] = (
    *(Done(), NoInput(), Digits("9"), Digits("9"), Digits("3"), Done()),
    *(Digits("1"), Digits("12"), Digits("004512"), Digits("1"), Done()),
)


def main() -> None:
    began = time.perf_counter()
    machine = Machine(load_flows(FLOWS), Organisation("Servicios Públicos del Valle"))
    loaded_s = time.perf_counter() - began
    context = Context(datetime(2026, 11, 23, 15, tzinfo=UTC), caller="0991234567", called="101")
    steps = turns = calls = 0
    state_bytes = 0
    began = time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        turn = machine.start("demo", context)
        steps, turns, calls = steps + len(turn.trace), turns + 1, calls + 1
        for given in CALL:
            turn = machine.resume(turn.state, given, context)
            steps, turns = steps + len(turn.trace), turns + 1
        if not isinstance(turn.effect, Enqueue):
            raise SystemExit(f"the scripted caller should be queued: {turn}")
        state_bytes = len(json.dumps(turn.state))
    took_s = time.perf_counter() - began
    print(f"demo flows loaded and compiled in {loaded_s * 1000:.0f} ms; state {state_bytes} bytes")
    print(
        f"{steps / took_s:,.0f} steps/s, {turns / took_s:,.0f} turns/s, {calls / took_s:,.0f} whole calls/s"
    )


if __name__ == "__main__":
    main()
