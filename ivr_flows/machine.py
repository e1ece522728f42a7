"""The machine that steps through a flow: one effect out, one input in. Pure; its state is plain JSON.

Whatever goes wrong in a flow while somebody is on the line ends with a person, or at worst with an honest
hang-up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr_flows import effects
from ivr_flows.context import Context, Organisation
from ivr_flows.effects import Effect
from ivr_flows.errors import ExpressionError, FlowLoopError, FlowNotFoundError, FlowRunError
from ivr_flows.flow import Flow, Flows, FlowStep
from ivr_flows.inputs import Digits, Input
from ivr_flows.run import Caller, Run
from ivr_flows.turn import Step, Turn
from ivr_flows.verbs.base import Call, Frame, Go, Move, Next, Wait

MAX_STEPS_PER_TURN = 1_000
MAX_STEPS = 10_000  # in one contact
MAX_CALLS = 10  # subflows inside each other
MAX_ERRORS = 3


class Machine:
    def __init__(self, flows: Flows, organisation: Organisation) -> None:
        self._flows = flows
        self._organisation = organisation

    def start(self, flow: str, context: Context) -> Turn:
        """Raises FlowNotFoundError."""
        found = self._flows[flow]
        spoken = context.language in found.languages
        language = context.language if spoken else self._organisation.default_language
        run = Run(found.name, found.start, language)
        return _Walk(self._flows, self._organisation, run, context).enter(found.start)

    def resume(self, state: Mapping[str, Any], given: Input, context: Context) -> Turn:
        """Never raises: a state that no longer fits the flows leads to a person."""
        run = self._read(state)
        return _Walk(self._flows, self._organisation, run, context).answer(given)

    def again(self, state: Mapping[str, Any], context: Context) -> Turn:
        """The same effect once more, after a restart: nothing was answered yet."""
        run = self._read(state)
        return _Walk(self._flows, self._organisation, run, context).enter(run.step)

    def _read(self, state: Mapping[str, Any]) -> Run:
        try:
            return Run.from_json(state)
        except (AttributeError, KeyError, TypeError, ValueError):
            flow = str(state.get("flow", "")) if isinstance(state, Mapping) else ""
            return Run(flow, "", self._organisation.default_language)


class _Walk:
    """One turn: from an input to the next effect."""

    def __init__(self, flows: Flows, organisation: Organisation, run: Run, context: Context) -> None:
        self._flows = flows
        self._run = run
        self._frame = Frame(run, context, organisation)
        self._trace: list[Step] = []
        self._error = ""

    def enter(self, step_id: str) -> Turn:
        return self._until_effect(lambda: self._enter(step_id))

    def answer(self, given: Input) -> Turn:
        return self._until_effect(lambda: self._answer(given))

    def _until_effect(self, move: Any) -> Turn:
        while True:
            try:
                effect = self._follow(move())
            except FlowRunError as error:
                self._error = str(error)
                self._run.errors += 1
                self._note("?", f"failed: {error.code}")
                move = self._to_a_person
            else:
                run = self._run
                return Turn(run.to_json(), effect, tuple(self._trace), run.language, run.shown(), self._error)

    def _follow(self, move: Move) -> Effect:
        for _ in range(MAX_STEPS_PER_TURN):
            self._note(None, move.outcome)
            self._run.steps += 1
            if self._run.steps > MAX_STEPS + MAX_STEPS_PER_TURN * self._run.errors:
                break
            if isinstance(move, Wait):
                ahead, self._run.ahead = self._run.ahead, ""
                if not _fits(ahead, move.effect):
                    if not isinstance(move.effect, effects.Gather):
                        self._run.ahead = ahead
                    return move.effect
                move = self._answer(Digits(ahead))
            else:
                move = self._take(move)
        raise FlowLoopError("too many steps")

    def _take(self, move: Next | Go | Call) -> Move:
        if isinstance(move, Call):
            return self._call(move)
        target = self._step().next if isinstance(move, Next) else str(move.target)
        if target == "human":
            return self._human()
        if target is None or target == "end":
            return self._return()
        return self._enter(target)

    def _enter(self, step_id: str) -> Move:
        if self._run.ended:
            return Wait(effects.HangUp(self._run.ended), self._run.ended)
        self._run.step = step_id
        return self._step().verb.enter(self._frame)

    def _answer(self, given: Input) -> Move:
        if self._run.ended:
            return Wait(effects.HangUp(self._run.ended), self._run.ended)
        return self._step().verb.answer(self._frame, given)

    def _call(self, call: Call) -> Move:
        run = self._run
        if len(run.stack) >= MAX_CALLS:
            raise FlowLoopError("too many subflows inside each other")
        flow = self._flow(str(call.flow))
        run.stack.append(Caller(run.flow, run.step, run.variables, run.secrets, call.into))
        run.flow, run.variables, run.secrets = flow.name, dict(call.arguments), set(call.secrets)
        return self._enter(flow.start)

    def _return(self) -> Move:
        run = self._run
        if not run.stack:
            return self._hang_up("flow_ended")
        theirs, secrets = run.variables, run.secrets
        for ours, name in run.back_to_caller().into.items():
            run.store(ours, theirs.get(name), secret=name in secrets)
        return Next("returned")

    def _human(self) -> Move:
        """The way to a person of this flow, or of the nearest one that called it."""
        run = self._run
        while True:
            human = self._flow(run.flow).human
            if human is not None:
                return self._enter(human)
            if not run.stack:
                return self._hang_up("flow_ended")
            run.back_to_caller()

    def _to_a_person(self) -> Move:
        """After a failure. No way, or the way itself fails: hang up and say so in the record."""
        try:
            names = [self._run.flow, *(caller.flow for caller in self._run.stack)]
            has_way = any(self._flow(name).human for name in names)
        except FlowRunError:
            has_way = False
        if not has_way or self._run.errors >= MAX_ERRORS:
            return self._hang_up("flow_error")
        return self._human()

    def _hang_up(self, reason: str) -> Move:
        self._run.ended = reason
        return Wait(effects.HangUp(reason), reason)

    def _flow(self, name: str) -> Flow:
        try:
            return self._flows[name]
        except FlowNotFoundError as error:
            raise ExpressionError(f"there is no flow {name!r} any more") from error

    def _step(self) -> FlowStep:
        step = self._flow(self._run.flow).steps.get(self._run.step)
        if step is None:
            raise ExpressionError(f"there is no step {self._run.step!r} any more")
        return step

    def _note(self, verb: str | None, outcome: str) -> None:
        if verb is None:
            flow = self._flows.get(self._run.flow)
            step = flow.steps.get(self._run.step) if flow else None
            verb = step.verb.verb if step else "?"
        self._trace.append(Step(self._run.flow, self._run.step, verb, outcome))


def _fits(ahead: str, effect: Effect) -> bool:
    """Whether keys pressed during an announcement answer the menu that follows it."""
    return isinstance(effect, effects.Gather) and ahead in (effect.choices or ())
