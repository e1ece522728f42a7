import { describe, expect, it } from 'vitest';

import { applyAnswer, applyEvent, nothingKnown } from '../src/api/live';
import type { Offer, ServerEvent } from '../src/api/types';
import { contact, person } from './samples';

const offer: Offer = {
  id: 'c1.o1', interaction_id: 'c1', agent: 'ana', queue: 'reclamos',
  made_at: '2026-11-22T10:00:00Z', expires_at: '2026-11-22T10:00:15Z',
};
const play = (...events: ServerEvent[]) => events.reduce(applyEvent, nothingKnown);
const snapshot: ServerEvent = {
  type: 'snapshot',
  data: { agents: [person()], interactions: [contact({ stage: 'offered' })], queues: [], offers: [offer], pulse: [] },
};

describe('the live store', () => {
  it('starts from a snapshot and forgets what was before it', () => {
    const live = play({ type: 'interaction', data: contact({ id: 'old' }) }, snapshot);
    expect(live.connection).toBe('open');
    expect(Object.keys(live.interactions)).toEqual(['c1']);
    expect(live.offers['c1.o1']).toEqual(offer);
  });

  it('keeps the newer of two versions, whichever way they came', () => {
    const newer = contact({ version: 5, held: true });
    const live = play({ type: 'interaction', data: newer }, { type: 'interaction', data: contact({ version: 4 }) });
    expect(live.interactions['c1']).toEqual(newer);
  });

  it('takes what changed without a new version (muted, a consultation)', () => {
    const live = play(snapshot, { type: 'interaction', data: contact({ stage: 'talking', muted: true }) });
    expect(live.interactions['c1']?.muted).toBe(true);
  });

  it('drops the offer once its contact is no longer offered', () => {
    expect(play(snapshot, { type: 'interaction', data: contact({ stage: 'talking', version: 2 }) }).offers).toEqual({});
    expect(play(snapshot, { type: 'offer_gone', data: { id: 'c1.o1', reason: 'no_answer' } }).offers).toEqual({});
  });

  it('forgets closed contacts and those that went to somebody else', () => {
    expect(play(snapshot, { type: 'interaction', data: contact({ stage: 'closed', version: 9 }) }).interactions).toEqual({});
    expect(play(snapshot, { type: 'interaction_gone', data: { id: 'c1' } }).interactions).toEqual({});
  });

  it('numbers notices and keeps the last twenty', () => {
    const notice = { code: 'x', agent: null, interaction_id: null, data: {} };
    const live = play(...Array.from({ length: 25 }, () => ({ type: 'notice' as const, data: notice })));
    expect(live.notices.map((one) => one.seq)).toEqual(Array.from({ length: 20 }, (_, index) => index + 6));
  });

  it('leaves the state alone on pings and on kinds it does not know', () => {
    const live = play(snapshot);
    expect(applyEvent(live, { type: 'ping' })).toBe(live);
    expect(applyEvent(live, { type: 'weather' } as unknown as ServerEvent)).toBe(live);
  });
});

it('keeps the last half hour, each minute once', () => {
  const minute = (index: number, arrived: number): ServerEvent => ({
    type: 'pulse',
    data: { at: new Date(Date.UTC(2026, 10, 22, 10, index)).toISOString(), arrived, answered: 0, waiting: 0 },
  });
  const live = play(...Array.from({ length: 35 }, (_, index) => minute(index, 1)), minute(34, 7));
  expect(live.pulse).toHaveLength(30);
  expect(live.pulse.at(-1)?.arrived).toBe(7);
});

it('lets no late answer undo what the socket told meanwhile', () => {
  const consult = (state: string) => contact({ stage: 'talking', version: 4, consult: { target: 'luis', state } });
  const live = play(snapshot, { type: 'interaction', data: consult('talking') });
  expect(applyAnswer(live, consult('ringing')).interactions['c1']?.consult?.state).toBe('talking');
  expect(applyAnswer(live, { ...consult('ringing'), version: 5 }).interactions['c1']?.consult?.state).toBe('ringing');
  expect(applyAnswer({ ...live, connection: 'lost' }, consult('ringing')).interactions['c1']?.consult?.state).toBe('ringing');
});
