import { describe, expect, it } from 'vitest';

import type { Timeline } from '../src/api/types';
import { bars, dayBegins, followed, hoursBetween, totals } from '../src/app/timeline';
import { localDay, showZone } from '../src/app/time';
import { person } from './samples';

const at = (clock: string) => `2026-11-22T${clock}:00Z`;
const ms = (clock: string) => Date.parse(at(clock));

function line(): Timeline {
  const stretch = { reason: '', seconds: 0, actor: 'ana' };
  return {
    agent: 'ana', since: at('05:00'), until: at('13:00'), totals: [],
    stretches: [
      { ...stretch, status: 'offline', since: at('05:00'), until: at('12:10') },
      { ...stretch, status: 'available', since: at('12:10'), until: at('12:40') },
      { ...stretch, status: 'paused', reason: 'almuerzo', since: at('12:40'), until: null },
    ],
  };
}

describe('a day', () => {
  it('grows while its last state lasts, and adds up without the hours away', () => {
    expect(totals(line(), ms('13:00')).map((one) => [one.status, one.reason, one.seconds])).toEqual([
      ['available', '', 1800], ['paused', 'almuerzo', 1200],
    ]);
    expect(totals(line(), ms('13:40'))[0]).toEqual({ status: 'paused', reason: 'almuerzo', seconds: 3600 });
  });

  it('goes on with what the live store tells, once', () => {
    const talking = person({ state: 'paused', reason: 'almuerzo', status: 'talking', status_since: at('12:50') });
    const next = followed(line(), talking);
    expect(next.stretches.slice(-2).map((one) => [one.status, one.reason, one.since, one.until])).toEqual([
      ['paused', 'almuerzo', at('12:40'), at('12:50')],
      ['talking', '', at('12:50'), null],
    ]);
    expect(followed(next, talking)).toBe(next);
  });

  it('does not go back to what is already known', () => {
    const known = line();
    expect(followed(known, person({ status: 'available', status_since: at('12:10') }))).toBe(known);
    expect(followed(known, undefined)).toBe(known);
    // Begun before midnight: the line shows it from midnight on.
    const night = { ...known, stretches: known.stretches.slice(0, 1).map((one) => ({ ...one, until: null })) };
    expect(followed(night, person({ state: 'offline', status: 'offline', status_since: '2026-11-21T20:00:00Z' }))).toBe(night);
  });

  it('is drawn from the full hour in which the first came to work', () => {
    const begins = dayBegins([line()], ms('13:00'));
    expect(begins).toBe(ms('12:00'));
    expect(dayBegins([], ms('13:20'))).toBe(ms('12:00'));
    expect(hoursBetween(begins, ms('14:30'))).toEqual([ms('13:00'), ms('14:00')]);
    expect(bars(line(), ms('12:20'), ms('13:00')).map((bar) => [bar.fromMs, bar.toMs])).toEqual([
      [ms('12:20'), ms('12:40')], [ms('12:40'), ms('13:00')],
    ]);
  });

  it("begins at the organisation's midnight", () => {
    showZone('America/Guayaquil');
    expect([localDay(ms('04:59')), localDay(ms('05:00'))]).toEqual(['2026-11-21', '2026-11-22']);
    showZone(undefined);
  });
});
