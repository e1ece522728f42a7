/** The softphone: one registration, at most one call. JsSIP underneath; the centre commands everything but answering. */
import type { UA } from 'jssip';
import type { RTCSession } from 'jssip/lib/RTCSession';
import type { IncomingRTCSessionEvent, RTCSessionEvent } from 'jssip/lib/UA';

import type { SoftphoneAccount } from '../api/types';
import { asksAutoAnswer } from './auto_answer';
import { closeMicrophone, MicrophoneError, type MicrophoneProblem, openMicrophone } from './microphone';

export type Registration = 'off' | 'connecting' | 'registered' | 'lost' | 'failed' | 'elsewhere';

export interface PhoneCall {
  phase: 'ringing' | 'answering' | 'talking';
  name: string;
  number: string;
}

export interface PhoneState {
  registration: Registration;
  call: PhoneCall | null;
  muted: boolean;
  problem: MicrophoneProblem | null;
  /** The browser will not play sound before the person clicks somewhere. */
  soundBlocked: boolean;
}

export const phoneOff: PhoneState = {
  registration: 'off',
  call: null,
  muted: false,
  problem: null,
  soundBlocked: false,
};

const REGISTER_EXPIRES_S = 90;
/** How long after the first network candidate we wait for more before answering. */
const GATHER_MS = 150;

export class Softphone {
  private ua: UA | null = null;
  private session: RTCSession | null = null;
  private microphone: MediaStream | null = null;
  private audio: HTMLAudioElement | null = null;
  private starts = 0;
  private state: PhoneState = phoneOff;
  private readonly watchers = new Set<() => void>();

  current = (): PhoneState => this.state;

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  /** Where the other side is heard. */
  useAudio(element: HTMLAudioElement | null): void {
    this.audio = element;
  }

  /** Connect and register; reconnects by itself until `stop`. */
  async start(account: SoftphoneAccount): Promise<void> {
    this.stop();
    const start = ++this.starts;
    this.set({ registration: 'connecting' });
    const { default: JsSIP } = await import('jssip');
    if (start !== this.starts) return; // stopped or started anew while the code was loading
    const ua = new JsSIP.UA({
      sockets: new JsSIP.WebSocketInterface(socketUrl(account.ws_url)),
      uri: account.uri,
      authorization_user: account.username,
      password: account.password,
      realm: account.realm || undefined,
      register: true,
      register_expires: REGISTER_EXPIRES_S,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 8,
      user_agent: 'Centralita',
    });
    ua.on('connecting', () => this.set({ registration: 'connecting' }));
    ua.on('disconnected', () => this.set({ registration: 'lost' }));
    ua.on('registered', () => this.set({ registration: 'registered' }));
    ua.on('unregistered', () => this.set({ registration: 'lost' }));
    ua.on('registrationFailed', () => this.set({ registration: ua.isConnected() ? 'failed' : 'lost' }));
    ua.on('newRTCSession', (event: RTCSessionEvent) => this.arrived(event as IncomingRTCSessionEvent));
    this.ua = ua;
    ua.start();
  }

  stop(registration: Registration = 'off'): void {
    this.starts += 1;
    const ua = this.ua;
    this.ua = null;
    if (this.session) this.session.terminate();
    ua?.removeAllListeners();
    ua?.stop();
    this.cleared();
    this.set({ ...phoneOff, registration });
  }

  async answer(): Promise<void> {
    const session = this.session;
    if (!session || this.state.call?.phase !== 'ringing') return;
    this.set({ call: { ...this.state.call, phase: 'answering' }, problem: null });
    try {
      const microphone = await openMicrophone();
      if (this.session !== session || session.isEnded()) return closeMicrophone(microphone);
      this.microphone = microphone;
      session.answer({ mediaStream: microphone, pcConfig: { iceServers: [] } });
    } catch (error) {
      const problem = error instanceof MicrophoneError ? error.problem : 'unknown';
      this.set({ problem, call: this.state.call && { ...this.state.call, phase: 'ringing' } });
    }
  }

  /** Refuse a ringing call or leave the one going on. */
  hangUp(): void {
    if (!this.session) return;
    const ringing = this.state.call?.phase === 'ringing';
    this.session.terminate(ringing ? { status_code: 486, reason_phrase: 'Busy Here' } : undefined);
  }

  mute(on: boolean): void {
    if (!this.session?.isEstablished()) return;
    if (on) this.session.mute({ audio: true });
    else this.session.unmute({ audio: true });
    this.set({ muted: on });
  }

  /** After a click: play what the browser held back. */
  async hear(): Promise<void> {
    await this.play();
  }

  forgetProblem(): void {
    this.set({ problem: null });
  }

  /** Ask for the microphone ahead of the first call; returns whether it was given. */
  async tryMicrophone(): Promise<boolean> {
    try {
      closeMicrophone(await openMicrophone());
      this.set({ problem: null });
      return true;
    } catch (error) {
      this.set({ problem: error instanceof MicrophoneError ? error.problem : 'unknown' });
      return false;
    }
  }

  private arrived({ session, request, originator }: IncomingRTCSessionEvent): void {
    if ((originator as string) !== 'remote') return;
    const wanted = asksAutoAnswer(request);
    if (this.session && !wanted) {
      session.terminate({ status_code: 486, reason_phrase: 'Busy Here' });
      return;
    }
    const before = this.session;
    this.session = session;
    if (before) {
      before.terminate(); // the centre calls anew in place of the old leg (a reattachment)
      this.cleared(session);
    }
    const caller = session.remote_identity;
    this.set({
      call: { phase: 'ringing', name: caller.display_name ?? '', number: caller.uri.user ?? '' },
      muted: false,
    });
    this.follow(session);
    if (wanted) void this.answer();
  }

  private follow(session: RTCSession): void {
    const over = () => {
      if (this.session === session) this.cleared();
    };
    let gathering: number | undefined;
    session.on('peerconnection', ({ peerconnection }) => {
      peerconnection.addEventListener('track', (event) => this.hearTrack(session, event));
    });
    session.on('icecandidate', ({ ready }) => {
      gathering ??= window.setTimeout(ready, GATHER_MS);
    });
    session.on('confirmed', () => {
      if (this.session === session && this.state.call) this.set({ call: { ...this.state.call, phase: 'talking' } });
    });
    session.on('ended', over);
    session.on('failed', over);
  }

  private hearTrack(session: RTCSession, event: RTCTrackEvent): void {
    if (this.session !== session || !this.audio) return;
    this.audio.srcObject = event.streams[0] ?? new MediaStream([event.track]);
    void this.play();
  }

  private async play(): Promise<void> {
    try {
      await this.audio?.play();
      this.set({ soundBlocked: false });
    } catch (error) {
      // An element that was given another stream meanwhile says AbortError: nothing is blocked then.
      if ((error as DOMException).name === 'NotAllowedError') this.set({ soundBlocked: true });
    }
  }

  private cleared(next: RTCSession | null = null): void {
    closeMicrophone(this.microphone);
    this.microphone = null;
    this.session = next;
    if (this.audio) this.audio.srcObject = null;
    this.set({ call: null, muted: false, soundBlocked: false });
  }

  private set(change: Partial<PhoneState>): void {
    this.state = { ...this.state, ...change };
    for (const watcher of this.watchers) watcher();
  }
}

function socketUrl(path: string): string {
  if (/^wss?:/.test(path)) return path;
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${location.host}${path}`;
}
