/** The events socket: connects, applies what it hears to the one store, and comes back when it is lost. */
import { useSyncExternalStore } from 'react';

import { get } from './client';
import { applyAnswer, applyEvent, type Live, nothingKnown } from './live';
import type { Interaction, ServerEvent, Session } from './types';

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 8_000;
/** The server pings every 20 s: silence twice as long means the line is dead although nobody said so. */
const SILENCE_MS = 45_000;

let live: Live = nothingKnown;
const watchers = new Set<() => void>();

export function useLive<T>(select: (live: Live) => T): T {
  return useSyncExternalStore(watch, () => select(live));
}

export function currentLive(): Live {
  return live;
}

/** Put an interaction that came as the answer to a request into the store, without waiting for the socket. */
export function learnInteraction(interaction: Interaction | null | undefined): void {
  if (interaction?.id) set(applyAnswer(live, interaction));
}

/** Wait (after 0.5, 1, 2 … 8 s, and up to a quarter more so that a whole room does not come back at once). */
export function retryDelayMs(attempt: number, random: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** attempt, LONGEST_RETRY_MS) * (1 + random / 4);
}

/** Connect and stay connected until the returned function is called. */
export function followEvents(): () => void {
  let socket: WebSocket | null = null;
  let attempt = 0;
  let retry: number | undefined;
  let silence: number | undefined;
  let stopped = false;

  const heard = () => {
    window.clearTimeout(silence);
    silence = window.setTimeout(() => socket?.close(), SILENCE_MS);
  };
  const connect = () => {
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    socket = new WebSocket(`${scheme}//${location.host}/api/v1/events`);
    socket.onopen = heard;
    socket.onmessage = (message) => {
      heard();
      const event = decode(message.data);
      if (event === null) return;
      if (event.type === 'snapshot') attempt = 0;
      set(applyEvent(live, event));
    };
    socket.onclose = () => {
      window.clearTimeout(silence);
      if (stopped) return;
      set({ ...live, connection: 'lost' });
      // A browser does not say why a socket was refused: asking for the session tells "signed out" from "away".
      get<Session>('/session').catch(() => undefined);
      retry = window.setTimeout(connect, retryDelayMs(attempt++, Math.random()));
    };
  };
  const hurry = () => {
    if (stopped || socket?.readyState === WebSocket.OPEN || socket?.readyState === WebSocket.CONNECTING) return;
    window.clearTimeout(retry);
    connect();
  };

  set(nothingKnown);
  connect();
  window.addEventListener('online', hurry);
  return () => {
    stopped = true;
    window.removeEventListener('online', hurry);
    window.clearTimeout(retry);
    window.clearTimeout(silence);
    socket?.close();
    set(nothingKnown);
  };
}

function decode(text: unknown): ServerEvent | null {
  try {
    return JSON.parse(String(text)) as ServerEvent;
  } catch {
    return null;
  }
}

function set(next: Live): void {
  if (next === live) return;
  live = next;
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}
