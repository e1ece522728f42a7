"""The verbs of the language, by the word a designer writes. A new verb is a file here and a line below."""

from __future__ import annotations

from ivr_flows.verbs.act import Act
from ivr_flows.verbs.ask import Ask
from ivr_flows.verbs.base import Verb
from ivr_flows.verbs.callback import Callback
from ivr_flows.verbs.confirm import Confirm
from ivr_flows.verbs.goto import Goto
from ivr_flows.verbs.hang_up import HangUp
from ivr_flows.verbs.hours import Hours
from ivr_flows.verbs.if_ import If
from ivr_flows.verbs.look_up import LookUp
from ivr_flows.verbs.menu import Menu
from ivr_flows.verbs.play import Play
from ivr_flows.verbs.queue import Queue
from ivr_flows.verbs.say import Say
from ivr_flows.verbs.set import Set
from ivr_flows.verbs.split import Split
from ivr_flows.verbs.subflow import Subflow
from ivr_flows.verbs.switch import Switch
from ivr_flows.verbs.transfer import Transfer
from ivr_flows.verbs.voicemail import Voicemail

VERBS: dict[str, type[Verb]] = {
    verb.verb: verb
    for verb in (
        *(Say, Play, Menu, Ask, Confirm),
        *(Set, If, Switch, Split, Hours),
        *(LookUp, Act),
        *(Queue, Callback, Transfer, Voicemail),
        *(Subflow, Goto, HangUp),
    )
}

__all__ = ["VERBS", "Verb"]
