"""One story played against a flow: passed, or the line at which it came otherwise."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ivr_flows import effects
from ivr_flows.context import Organisation
from ivr_flows.effects import Effect
from ivr_flows.flow import Flows
from ivr_flows.letters import folded
from ivr_flows.machine import Machine
from ivr_flows.problems import Problem
from ivr_flows.rehearsal.conversation import Conversation, Heard, NobodyListensError, Systems
from ivr_flows.rehearsal.reading import Case
from ivr_flows.rehearsal.story import Called, Line, Queued, Recording, Transferred
from ivr_flows.turn import Step

GOES_ON = (effects.Gather, effects.RecordVoicemail)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problem` is None when it came as told. `said`: who said or did what, in order."""

    case: Case
    problem: Problem | None
    said: tuple[str, ...]
    trace: tuple[Step, ...]


class _DiffersError(Exception):
    def __init__(self, code: str, **data: object) -> None:
        super().__init__(code)
        self.code, self.data = code, data


def play(
    case: Case, flows: Flows, queues: Collection[str], organisation: Organisation, systems: Systems
) -> Verdict:
    """Raises nothing: whatever goes wrong is the verdict. `queues`: all that the flows lead to."""
    organisation = case.organisation.over(organisation)
    context, answers = case.given.context(organisation, queues), case.given.answers(systems)
    talk = Conversation(Machine(flows, organisation), case.flow, context, answers)
    player, problem = _Player(case, talk), None
    try:
        player.hear()
        for number, line in enumerate(case.story):
            player.line = case.places[number]
            player.play(line)
        player.end()
    except _DiffersError as different:
        problem = Problem(case.file, player.line, 1, different.code, data=different.data)
    return Verdict(case, problem, tuple(player.said), tuple(talk.trace))


class _Player:
    def __init__(self, case: Case, talk: Conversation) -> None:
        self.said: list[str] = []
        self.line = case.line
        self._case = case
        self._talk = talk
        self._fresh: list[Heard] = []  # since the customer last did something
        self._noted = self._called_before = 0
        self._left = False  # the customer hung up

    def play(self, line: Line) -> None:
        if self._left:
            raise _DiffersError("story_after_hang_up")
        if line.word in _ACTS:
            self._act(line)
        elif line.hears is not None:
            for wanted in line.hears:
                self._heard(wanted)
        elif line.called is not None:
            self._called(line.called)
        elif line.asked is not None:
            self._asked(str(line.asked))
        elif line.queued is not None:
            self._queued(line.queued)
        elif line.transferred is not None:
            self._transferred(line.transferred)
        else:
            self._hung_up(line.hung_up)

    def end(self) -> None:
        """A story says how it ends: what waits for somebody when it is told is a story half told."""
        if not self._left and isinstance(self._now, GOES_ON):
            raise _DiffersError("story_unfinished", step=self._talk.step)

    # --- the customer, and the world

    def _act(self, line: Line) -> None:
        talk = self._talk
        self._fresh, self._called_before = [], len(talk.asked)
        self.said.append(f"→ {line.word}: {getattr(line, line.word)}".removesuffix(": True"))
        try:
            if line.presses is not None:
                talk.press(line.presses)
            elif line.says is not None:
                talk.say(line.says)
            elif line.silent:
                talk.stay_silent()
            elif line.leaves_message:
                talk.leave_message()
            elif line.passes is not None:
                talk.pass_time(line.passes.time)
            elif line.fails is not None:
                talk.fail(line.fails)
            else:
                self._left = True
        except NobodyListensError:
            raise _DiffersError("nobody_listens", does=line.word, now=_told(talk.effect, talk.step)) from None
        self.hear()

    def hear(self) -> None:
        talk = self._talk
        new = talk.heard[self._noted :]
        self._noted = len(talk.heard)
        self._fresh += new
        self.said += [f"← {heard.words}" for heard in new]
        for heard in new:
            for word in self._case.never:
                if _plain(word) in _plain(heard.words):
                    raise _DiffersError("never_heard", words=word, heard=heard.words, step=heard.step)
        if talk.errors:
            raise _DiffersError("flow_failed", step=talk.step, detail=talk.errors[-1])

    # --- what is expected

    def _heard(self, wanted: str | Recording) -> None:
        if isinstance(wanted, Recording):
            if not any(heard.prompt.file == wanted.file for heard in self._fresh):
                raise _DiffersError("not_heard", words=f"[{wanted.file}]", heard=self._all_heard())
        elif _plain(wanted) not in _plain(" ".join(heard.words for heard in self._fresh)):
            raise _DiffersError("not_heard", words=wanted, heard=self._all_heard())

    def _all_heard(self) -> str:
        return " ".join(heard.words for heard in self._fresh) or "—"

    def _called(self, wanted: Called) -> None:
        """Since the customer last did something."""
        fresh = self._talk.asked[self._called_before :]
        named = [asked for asked in fresh if f"{asked.connector}.{asked.operation}" == wanted.operation]
        if not named:
            told = ", ".join(f"{asked.connector}.{asked.operation}" for asked in fresh) or "—"
            raise _DiffersError("not_called", wanted=str(wanted.operation), now=told)
        for name, value in wanted.arguments.items():
            found = named[-1].arguments.get(str(name))
            if _text(found) != _text(value):
                raise _DiffersError(
                    "other_value", name=f"with.{name}", wanted=_text(value), found=_text(found)
                )

    def _asked(self, step: str) -> None:
        talk = self._talk
        if not isinstance(talk.effect, GOES_ON) or step != talk.step:
            raise _DiffersError("other_end", wanted=f"asked: {step}", now=_told(talk.effect, talk.step))

    def _queued(self, wanted: Queued) -> None:
        effect = self._now
        if not isinstance(effect, effects.Enqueue) or effect.queue != wanted.queue:
            raise _DiffersError("other_end", wanted=f"queued: {wanted.queue}", now=self._told())
        given = effect.data
        differing = {
            name: given.get(name)
            for name, value in wanted.data.items()
            if _text(given.get(name)) != _text(value)
        }
        for name, value in differing.items():
            raise _DiffersError(
                "other_value", name=f"data.{name}", wanted=_text(wanted.data[name]), found=_text(value)
            )
        skills = {need.skill: need.level for need in effect.requirements or ()}
        for name, expected, found in (
            ("priority", wanted.priority, effect.priority),
            ("callback", wanted.callback, effect.callback),
            ("preferred_agent", wanted.preferred_agent, effect.preferred_agent),
            ("skills", wanted.skills, skills),
        ):
            if expected is not None and expected != found:
                raise _DiffersError("other_value", name=name, wanted=expected, found=found)

    def _transferred(self, wanted: Transferred) -> None:
        match self._now:
            case effects.TransferAgent(agent=agent) if agent == wanted.agent:
                return
            case effects.TransferOut(number=number) if number == wanted.number:
                return
        raise _DiffersError(
            "other_end", wanted=f"transferred: {wanted.agent or wanted.number}", now=self._told()
        )

    def _hung_up(self, reason: object) -> None:
        effect = self._now
        if not isinstance(effect, effects.HangUp) or reason not in (True, effect.reason):
            wanted = "hung_up" if reason is True else f"hung_up: {reason}"
            raise _DiffersError("other_end", wanted=wanted, now=self._told())

    @property
    def _now(self) -> Effect:
        return self._talk.effect

    def _told(self) -> str:
        return _told(self._now, self._talk.step)


_ACTS = ("presses", "says", "silent", "leaves_message", "hangs_up", "passes", "fails")


def _told(effect: Effect, step: str) -> str:
    """What the flow waits for, in the words of a story."""
    match effect:
        case effects.Enqueue(queue=queue):
            return f"queued: {queue}"
        case effects.TransferAgent(agent=to) | effects.TransferOut(number=to):
            return f"transferred: {to}"
        case effects.HangUp(reason=reason):
            return f"hung_up: {reason}"
        case _:
            return f"asked: {step}"


def _plain(text: str) -> str:
    """Without accents, capitals and line breaks: what is compared is what is heard."""
    return folded(" ".join(text.split()))


def _text(value: object) -> str:
    return "" if value is None else str(value)
