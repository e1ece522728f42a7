"""A telephone line: one SIP socket that places and receives calls, registered or known by its address.

aiosipua keeps the dialogs; this adds what it leaves out: acknowledging refusals (RFC 3261 §17.1.1.3), early
media, INVITEs sent twice, and an answer that crosses our CANCEL.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiosipua import (
    CSeq,
    DialogState,
    IncomingCall,
    OutgoingCall,
    Registration,
    RegistrationState,
    SdpMessage,
    SipDigestAuth,
    SipRequest,
    SipResponse,
    SipUAC,
    SipUAS,
    Via,
    build_sdp,
    generate_branch,
    negotiate_sdp,
    parse_sdp,
    parse_uri,
    stringify_cseq,
    stringify_via,
)

from contact_centre.scripted_caller.call import Call, CallState
from contact_centre.scripted_caller.changes import Changes
from contact_centre.scripted_caller.errors import CallTimeoutError, RegistrationError
from contact_centre.scripted_caller.udp import UdpSocket

_CODEC_NAMES = {0: "PCMU", 8: "PCMA"}
_UNREGISTER_TIMEOUT_S = 2.0
REGISTER_TRIES, REGISTER_PAUSE_S = 3, 0.5  # as telephones do when a registrar answers 5xx
_USER_AGENT = "centralita-scripted-caller"


class Line:
    """`async with Line("127.0.0.2", server=("127.0.0.1", 5160)) as line`. Leaving hangs up and unregisters.

    `host` is an address of this machine: Asterisk tells trunks apart by it. Codec: 0 = mu-law, 8 = A-law.
    """

    def __init__(self, host: str, *, server: tuple[str, int], payload_type: int = 0, port: int = 0) -> None:
        self.server = server
        self.host = host
        self._payload_type = payload_type
        self._socket = UdpSocket(local_addr=(host, port))
        self._uac = SipUAC(self._socket)
        self._uas = SipUAS(self._socket, uac=self._uac, user_agent=_USER_AGENT)
        self._uas.on_invite = self._on_invite
        self._uas.on_reinvite = self._on_reinvite
        self._uas.on_bye = lambda call, _request: self._on_gone(call.call_id)
        self._uas.on_cancel = lambda request, _addr: self._on_gone(request.call_id or "")
        self._uas.on_transfer_progress = lambda call_id, status, _reason: self._on_transfer(call_id, status)
        self._uas.on_ack_timeout = lambda call: self._on_gone(call.call_id)
        self._calls: dict[str, Call] = {}
        self._cancelled: dict[str, OutgoingCall] = {}
        self._ringing: asyncio.Queue[Call] = asyncio.Queue()
        self._registration: Registration | None = None
        self._auth: SipDigestAuth | None = None
        self._changes = Changes()

    async def __aenter__(self) -> Self:
        await self._uas.start()
        self._socket.on_message = self._on_message
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        for call in list(self._calls.values()):
            call.hang_up()
        if self._registration is not None and self._registration.state is RegistrationState.REGISTERED:
            with contextlib.suppress(
                CallTimeoutError
            ):  # the exchange is gone, or busy: it forgets us by itself
                await self.unregister()
        await self._uas.stop()

    # --- registering ---

    async def register(self, user: str, password: str, timeout_s: float = 5.0, expires_s: int = 300) -> None:
        """Register as `user`. RegistrationError when refused, CallTimeoutError when nobody answers."""
        self._auth = SipDigestAuth(user, password)
        registration = Registration(
            self._uac,
            f"sip:{user}@{self.server[0]}",
            self.server,
            auth=self._auth,
            expires=expires_s,
            user_agent=_USER_AGENT,
        )
        self._registration = registration
        statuses: list[int] = []
        registration.on_failed = lambda _registration, status, _reason: statuses.append(status)
        settled = (RegistrationState.REGISTERED, RegistrationState.FAILED)
        for _ in range(REGISTER_TRIES):
            registration.register()
            await self._changes.until(
                lambda: registration.state in settled, timeout_s, f"the registrar to accept {user}"
            )
            if registration.state is RegistrationState.REGISTERED or (statuses and statuses[-1] < 500):
                break
            await asyncio.sleep(REGISTER_PAUSE_S)  # a registrar that is just reading its users anew
        if registration.state is RegistrationState.FAILED:
            raise RegistrationError(f"The exchange refused to register {user}.", user=user)

    async def unregister(self) -> None:
        registration = self._registration
        if registration is not None:
            registration.unregister()
            gone = RegistrationState.UNREGISTERED
            await self._changes.until(
                lambda: registration.state is gone, _UNREGISTER_TIMEOUT_S, "the registrar to let us go"
            )

    # --- calls ---

    async def call(self, number: str, *, from_number: str = "anonymous") -> Call:
        """Dial; returns at once with the call under way."""
        host, port = self.server
        user = self._auth.username if self._auth else from_number
        call = Call(
            "",
            from_number=from_number,
            to_number=number,
            headers=lambda _name: None,
            host=self.host,
            payload_type=self._payload_type,
        )
        stream = await call.open_stream()
        call.began_at = asyncio.get_running_loop().time()
        outgoing = self._uac.send_invite(
            f"sip:{user}@{self.host}:{self._socket.local_addr[1]}",
            f"sip:{number}@{host}:{port}",
            self.server,
            self._offer(stream.port),
            auth=self._auth,
            user_agent=_USER_AGENT,
        )
        outgoing.on_ringing = lambda _call: call.move(CallState.RINGING)
        outgoing.on_answer = lambda answered: self._on_answer(call, answered)
        outgoing.on_rejected = lambda _call, status, reason: self._on_gone(call.call_id, status, reason)
        call.call_id = outgoing.call_id
        call.signalling = _Placed(self, outgoing)
        self._calls[call.call_id] = call
        return call

    async def rings(self, timeout_s: float = 10.0) -> Call:
        """The next call that rings here (already told 180). One that gave up meanwhile is skipped."""
        try:
            async with asyncio.timeout(timeout_s):
                while (call := await self._ringing.get()).state is CallState.ENDED:
                    pass
                return call
        except TimeoutError:
            raise CallTimeoutError(
                f"No call came in within {timeout_s:g} s.", awaited="an incoming call"
            ) from None

    @property
    def calls(self) -> list[Call]:
        """Those that have not ended."""
        return list(self._calls.values())

    # --- SIP ---

    def _offer(self, rtp_port: int) -> SdpMessage:
        return build_sdp(self.host, rtp_port, self._payload_type, _CODEC_NAMES[self._payload_type])

    def _on_message(self, message: SipRequest | SipResponse, addr: tuple[str, int]) -> None:
        if isinstance(message, SipResponse):
            self._before_response(message)
        elif message.method == "INVITE" and self._seen_before(message):
            return
        self._uas._on_message(message, addr)
        self._changes.tell()

    def _seen_before(self, request: SipRequest) -> bool:
        """A first INVITE sent again because our 100 was slow: the library would start a second dialog."""
        to_tag = request.to_addr.tag if request.to_addr else None
        return not to_tag and (request.call_id or "") in self._calls

    def _before_response(self, response: SipResponse) -> None:
        call_id = response.call_id or ""
        if call := self._calls.get(call_id):
            call.reach()
        if response.cseq is None or response.cseq.method != "INVITE" or response.status_code <= 100:
            return
        if response.status_code >= 300:
            self._acknowledge(response)
            self._cancelled.pop(call_id, None)
        elif response.status_code >= 200:
            if crossed := self._cancelled.pop(call_id, None):
                self._end_crossed(crossed, response)
        elif (
            response.body
            and (call := self._calls.get(call_id))
            and (early := parse_sdp(response.text).rtp_address)
        ):
            call.stream.aim(early)

    def _acknowledge(self, response: SipResponse, *, branch: str | None = None) -> None:
        outgoing = self._uac.get_call(response.call_id or "")
        uri = outgoing.invite.uri if outgoing else f"sip:{self.server[0]}:{self.server[1]}"
        ack = SipRequest(method="ACK", uri=uri)
        if branch is None:
            ack.headers.append("Via", response.headers.get("via")[0])
        else:
            host, port = self._socket.local_addr
            ack.headers.append(
                "Via", stringify_via(Via(transport="UDP", host=host, port=port, params={"branch": branch}))
            )
        for name in ("From", "To", "Call-ID"):
            ack.headers.set_single(name, response.headers.get(name.lower())[0])
        sequence = response.cseq.seq if response.cseq else 1
        ack.headers.set_single("CSeq", stringify_cseq(CSeq(seq=sequence, method="ACK")))
        ack.headers.set_single("Max-Forwards", "70")
        self._socket.send(ack, self.server)

    def _end_crossed(self, outgoing: OutgoingCall, response: SipResponse) -> None:
        self._acknowledge(response, branch=generate_branch())
        outgoing.dialog.remote_tag = (response.to_addr.tag if response.to_addr else "") or ""
        outgoing.dialog.state = DialogState.CONFIRMED  # the library thought it over when it sent the CANCEL
        self._uac.send_bye(outgoing.dialog, self.server)

    def _on_answer(self, call: Call, outgoing: OutgoingCall) -> None:
        where = outgoing.sdp_answer.rtp_address if outgoing.sdp_answer else None
        if where is not None:
            call.stream.aim(where)
        call.move(CallState.ANSWERED)

    def _on_invite(self, incoming: IncomingCall) -> None:
        caller, callee = parse_uri(incoming.caller), parse_uri(incoming.callee)
        call = Call(
            incoming.call_id,
            from_number=caller.user or "",
            to_number=callee.user or "",
            headers=incoming.invite.get_header,
            host=self.host,
            payload_type=self._payload_type,
        )
        call.signalling = _Received(self, incoming)
        call.state = CallState.RINGING
        call.began_at = asyncio.get_running_loop().time()
        self._calls[call.call_id] = call
        incoming.ringing()
        self._ringing.put_nowait(call)

    def _on_reinvite(self, incoming: IncomingCall) -> None:
        """A change of media mid-call: say yes, with the port we have."""
        call = self._calls.get(incoming.call_id)
        if call is None:
            incoming.reject(481)
        elif incoming.sdp_offer is None:
            incoming.accept(self._offer(call.stream.port))
        else:
            answer, _ = negotiate_sdp(incoming.sdp_offer, self.host, call.stream.port, [self._payload_type])
            if where := incoming.sdp_offer.rtp_address:
                call.stream.aim(where)
            incoming.accept(answer)

    def _on_transfer(self, call_id: str, status: int) -> None:
        if call := self._calls.get(call_id):
            call.transfer_went(status)

    def _on_gone(self, call_id: str, status: int = 0, reason: str = "") -> None:
        if call := self._calls.pop(call_id, None):
            call.end(by_them=True, status=status, reason=reason)


@dataclass(slots=True)
class _Placed:
    """Signalling of a call we dialled."""

    line: Line
    outgoing: OutgoingCall

    def accept(self, rtp_port: int) -> tuple[str, int]:
        raise RuntimeError("a call we dialled is not ours to answer")

    def refuse(self, status: int) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        self.line._calls.pop(self.outgoing.call_id, None)
        if self.outgoing.cancel(self.line._uac) is not None:
            self.line._cancelled[self.outgoing.call_id] = self.outgoing
        else:
            self.outgoing.hangup(self.line._uac)

    def refer(self, target: str) -> None:
        self.line._uac.send_refer(self.outgoing.dialog, _address(target, self.line.server), self.line.server)


@dataclass(slots=True)
class _Received:
    """Signalling of a call that rang here."""

    line: Line
    incoming: IncomingCall

    def accept(self, rtp_port: int) -> tuple[str, int]:
        offer = self.incoming.sdp_offer
        where = offer.rtp_address if offer else None
        if offer is None or where is None:
            raise RuntimeError("the INVITE brought no audio to answer")
        answer, _ = negotiate_sdp(offer, self.line.host, rtp_port, [self.line._payload_type])
        self.incoming.accept(answer)
        return where

    def refuse(self, status: int) -> None:
        self.line._calls.pop(self.incoming.call_id, None)
        self.incoming.reject(status)

    def hang_up(self) -> None:
        self.line._calls.pop(self.incoming.call_id, None)
        if self.incoming.hangup() is None:
            self.incoming.reject(480)

    def refer(self, target: str) -> None:
        self.line._uac.send_refer(self.incoming.dialog, _address(target, self.line.server), self.line.server)


def _address(target: str, server: tuple[str, int]) -> str:
    return target if target.startswith("sip:") else f"sip:{target}@{server[0]}:{server[1]}"
