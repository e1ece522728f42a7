"""A telephone that follows a script: calls, presses keys, sends tones, and can tell what it hears.

Serves `centralita demo-call`, the tests and the benchmarks. SIP by aiosipua, packets and codecs by aiortp;
media and hearing are ours, since a script must know what was *heard*, not merely received.

    async with Line("127.0.0.2", server=("127.0.0.1", 5160)) as line:
        call = await line.call("101", from_number="+59322222222")
        await call.answered(timeout_s=5)
        await call.send_digits("1")
        call.play_tone(440)
        await call.hears(620, within_s=3)
        call.hang_up()
"""

from contact_centre.scripted_caller.call import Call, CallState
from contact_centre.scripted_caller.errors import CallRefusedError, CallTimeoutError, RegistrationError
from contact_centre.scripted_caller.hearing import Ear, Sound
from contact_centre.scripted_caller.line import Line

__all__ = [
    "Call",
    "CallRefusedError",
    "CallState",
    "CallTimeoutError",
    "Ear",
    "Line",
    "RegistrationError",
    "Sound",
]
