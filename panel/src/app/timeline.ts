/** An agent's day: what they did from when to when. Pure: the present is passed in, in ms. */
import type { Agent, AgentStatus, Timeline } from '../api/types';

const HOUR_MS = 3_600_000;

export interface Bar {
  status: AgentStatus;
  reason: string;
  fromMs: number;
  toMs: number;
}

export interface Total {
  status: AgentStatus;
  reason: string;
  seconds: number;
}

/** The line with what the live store has told since it was fetched: what lasted ended when the new state began. */
export function followed(line: Timeline, agent: Agent | undefined): Timeline {
  const since = agent?.status_since;
  const last = line.stretches.at(-1);
  if (!agent || !since || (last && Date.parse(since) <= Date.parse(last.since))) return line;
  const { status } = agent;
  const reason = status === agent.state ? agent.reason : ''; // the reason belongs to the chosen state, not to work
  if (last && last.until === null && last.status === status && last.reason === reason) return line;
  const before = line.stretches.map((one) => (one.until === null ? { ...one, until: since } : one));
  return { ...line, stretches: [...before, { status, reason, since, until: null, seconds: 0, actor: '' }] };
}

/** What is to be drawn between two moments; what lasts goes on until `nowMs`. */
export function bars(line: Timeline, fromMs: number, nowMs: number): Bar[] {
  return line.stretches
    .map(({ status, reason, since, until }) => ({
      status,
      reason,
      fromMs: Math.max(fromMs, Date.parse(since)),
      toMs: until === null ? nowMs : Math.min(nowMs, Date.parse(until)),
    }))
    .filter((bar) => bar.toMs > bar.fromMs);
}

/** How long of each in all, the longest first; being away is no part of a day's work. */
export function totals(line: Timeline, nowMs: number): Total[] {
  const found = new Map<string, Total>();
  for (const { status, reason, fromMs, toMs } of bars(line, 0, nowMs)) {
    if (status === 'offline') continue;
    const key = `${status} ${reason}`;
    const total = found.get(key) ?? { status, reason, seconds: 0 };
    found.set(key, { ...total, seconds: total.seconds + (toMs - fromMs) / 1000 });
  }
  return [...found.values()].sort((a, b) => b.seconds - a.seconds);
}

/** The full hour in which the first of them came to work; the hour before `nowMs` when nobody did. */
export function dayBegins(lines: Timeline[], nowMs: number): number {
  const first = lines.flatMap((line) => bars(line, 0, nowMs).filter((bar) => bar.status !== 'offline').slice(0, 1));
  const earliest = Math.min(nowMs - HOUR_MS / 2, ...first.map((bar) => bar.fromMs));
  return Math.floor(earliest / HOUR_MS) * HOUR_MS;
}

/** The full hours between two moments. */
export function hoursBetween(fromMs: number, toMs: number): number[] {
  const count = Math.max(0, Math.ceil((toMs - fromMs) / HOUR_MS) - 1);
  return Array.from({ length: count }, (_, index) => fromMs + (index + 1) * HOUR_MS);
}
