/** Figures of the live room, counted from what is live. Pure. */
import type { Live } from '../api/live';
import type { AgentStatus, Interaction, Minute } from '../api/types';

export interface Room {
  waiting: number;
  /** Since when the one who waits longest is waiting. */
  waitingSince: string | null;
  inFlow: number;
  agents: Record<AgentStatus, number>;
}

export function roomOf(live: Pick<Live, 'agents' | 'interactions'>): Room {
  const contacts = Object.values(live.interactions);
  const waiting = contacts.filter(isWaiting);
  const agents: Room['agents'] = { offline: 0, available: 0, paused: 0, ringing: 0, talking: 0, wrap_up: 0 };
  for (const agent of Object.values(live.agents)) agents[agent.status] += 1;
  return {
    waiting: waiting.length,
    waitingSince: earliest(waiting),
    inFlow: contacts.filter((one) => one.stage === 'flow').length,
    agents,
  };
}

/** Waiting for a person: queued, or ringing at one who has not answered yet. */
export function isWaiting(interaction: Interaction): boolean {
  return interaction.stage === 'queued' || interaction.stage === 'offered';
}

export function earliest(waiting: Interaction[]): string | null {
  const times = waiting.map((one) => one.queued_at ?? one.stage_since).sort();
  return times[0] ?? null;
}

export const MINUTES_SHOWN = 30;

/** The half hour before `nowMs` as figures to draw: always 30 minutes, those before the first known empty. */
export function halfHour(pulse: Minute[], nowMs: number): { minutes: Minute[]; most: number; sum: Pick<Minute, 'arrived' | 'answered' | 'waiting'> } {
  const known = new Map(pulse.map((one) => [Math.floor(Date.parse(one.at) / 60_000), one]));
  const last = Math.max(Math.floor(nowMs / 60_000), ...known.keys());
  const minutes = Array.from({ length: MINUTES_SHOWN }, (_, index) => {
    const minute = last - MINUTES_SHOWN + 1 + index;
    return known.get(minute) ?? { at: new Date(minute * 60_000).toISOString(), arrived: 0, answered: 0, waiting: 0 };
  });
  const total = (name: 'arrived' | 'answered') => minutes.reduce((sum, one) => sum + one[name], 0);
  const waiting = Math.max(...minutes.map((one) => one.waiting));
  const most = Math.max(4, waiting, ...minutes.map((one) => Math.max(one.arrived, one.answered)));
  return { minutes, most, sum: { arrived: total('arrived'), answered: total('answered'), waiting } };
}
