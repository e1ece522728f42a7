import { expect, it } from 'vitest';

import { workOf } from '../src/agent/work';
import { halfHour, MINUTES_SHOWN, roomOf } from '../src/supervisor/room';
import { contact, person } from './samples';

const keyed = <T extends { id: string }>(...items: T[]) => Object.fromEntries(items.map((item) => [item.id, item]));

it('counts the room: a ringing contact still waits, and the longest wait began first', () => {
  const room = roomOf({
    agents: keyed(person(), person({ id: 'luis', status: 'talking' }), person({ id: 'eva', status: 'paused' })),
    interactions: keyed(
      contact({ id: 'a', stage: 'queued', queued_at: '2026-11-22T10:05:00Z' }),
      contact({ id: 'b', stage: 'offered', queued_at: '2026-11-22T10:01:00Z' }),
      contact({ id: 'c', stage: 'flow', queued_at: null }),
      contact({ id: 'd', stage: 'talking', queued_at: '2026-11-22T09:00:00Z' }),
    ),
  });
  expect(room.waiting).toBe(2);
  expect(room.waitingSince).toBe('2026-11-22T10:01:00Z');
  expect(room.inFlow).toBe(1);
  expect(room.agents).toMatchObject({ available: 1, talking: 1, paused: 1, offline: 0 });
});

it("finds an agent's own work: the call before a task, and nothing of others", () => {
  const work = workOf(
    {
      agents: keyed(person()),
      offers: {},
      interactions: keyed(
        contact({ id: 'task', channel: 'task', stage: 'talking', agent: 'ana' }),
        contact({ id: 'wrapping', stage: 'wrap_up', agent: 'ana' }),
        contact({ id: 'call', stage: 'talking', agent: 'ana' }),
        contact({ id: 'other', stage: 'talking', agent: 'luis' }),
      ),
    },
    'ana',
  );
  expect(work.active.map((one) => one.id)).toEqual(['call', 'wrapping', 'task']);
  expect(work.offer).toBeNull();
});

it('shows an offer only with its contact', () => {
  const offer = { id: 'c1.o1', interaction_id: 'c1', agent: 'ana', queue: null, made_at: '', expires_at: '' };
  const offered = contact({ stage: 'offered', agent: 'ana' });
  expect(workOf({ agents: {}, interactions: {}, offers: keyed(offer) }, 'ana').offer).toBeNull();
  expect(workOf({ agents: {}, interactions: keyed(offered), offers: keyed(offer) }, 'ana').offer?.interaction).toBe(offered);
  expect(workOf({ agents: {}, interactions: keyed(offered), offers: keyed(offer) }, 'luis').offer).toBeNull();
});

it('draws half an hour, whatever is known of it', () => {
  const now = Date.parse('2026-11-22T10:30:40Z');
  const known = [
    { at: '2026-11-22T10:28:00Z', arrived: 3, answered: 2, waiting: 1 },
    { at: '2026-11-22T10:30:00Z', arrived: 6, answered: 4, waiting: 9 },
    { at: '2026-11-22T09:00:00Z', arrived: 50, answered: 50, waiting: 50 },
  ];
  const { minutes, most, sum } = halfHour(known, now);
  expect(minutes).toHaveLength(MINUTES_SHOWN);
  expect(minutes.slice(-3).map((one) => one.arrived)).toEqual([3, 0, 6]);
  expect(sum).toEqual({ arrived: 9, answered: 6, waiting: 9 });
  expect(most).toBe(9);
  expect(halfHour([], now).most).toBe(4);
});
