import { describe, expect, it } from 'vitest';

import { customerNumber, customerTitle, dataRows, labelText, languageName } from '../src/app/contact';
import { clockTime, dateTime, dayStart, duration, percent, secondsSince, secondsUntil, showZone } from '../src/app/time';
import { retryDelayMs } from '../src/api/events';
import { actionWords, contactOf, detailWords } from '../src/admin/audit_words';
import { entryWords, type Naming } from '../src/calls/entry_words';
import { asksAutoAnswer } from '../src/softphone/auto_answer';
import { microphoneProblem } from '../src/softphone/microphone';
import { contact } from './samples';

describe('time', () => {
  it('shows lengths', () => {
    expect([0, 5, 65, 3599.6, 3725].map(duration)).toEqual(['0:00', '0:05', '1:05', '1:00:00', '1:02:05']);
    expect(duration(-3)).toBe('0:00');
  });

  it('counts from and to a moment, never below zero', () => {
    const now = Date.parse('2026-11-22T10:00:30.400Z');
    expect(secondsSince('2026-11-22T10:00:00Z', now)).toBe(30);
    expect(secondsSince('2026-11-22T10:01:00Z', now)).toBe(0);
    expect(secondsSince(null, now)).toBe(0);
    expect(secondsUntil('2026-11-22T10:00:45Z', now)).toBe(15);
    expect(secondsUntil('2026-11-22T10:00:00Z', now)).toBe(0);
  });

  it('turns chosen days into instants, the next day included', () => {
    const day = 24 * 3600 * 1000;
    expect(Date.parse(dayStart('2026-11-22', 1)) - Date.parse(dayStart('2026-11-22'))).toBe(day);
    expect(dayStart('')).toBe('');
  });

  it("reads clocks and days in the organisation's zone", () => {
    showZone('America/Guayaquil'); // five hours behind UTC, all year
    expect(clockTime('2026-11-22T03:04:05Z', 'es')).toBe('22:04:05');
    expect(dateTime('2026-11-22T03:04:05Z', 'en')).toContain('21');
    expect(dayStart('2026-11-22')).toBe('2026-11-22T05:00:00.000Z');
    showZone('America/Santiago'); // the clocks go forward in the night to 6 September 2026
    expect(dayStart('2026-09-05')).toBe('2026-09-05T04:00:00.000Z');
    expect(dayStart('2026-09-07')).toBe('2026-09-07T03:00:00.000Z');
    showZone(undefined);
  });

  it('shows shares', () => {
    expect([percent(0.873), percent(null), percent(1)]).toEqual(['87 %', '–', '100 %']);
  });
});

describe('a contact on screen', () => {
  it('is the customer, whoever called whom', () => {
    expect(customerNumber(contact())).toBe('+59171234567');
    expect(customerNumber(contact({ direction: 'outbound', to_address: '0991' }))).toBe('0991');
    expect(customerNumber(contact({ callback_address: '0777' }))).toBe('0777');
    expect(customerTitle(contact({ from_address: '' }), 'oculto')).toBe('oculto');
    expect(customerTitle(contact({ contact_name: 'Rosa' }), 'oculto')).toBe('Rosa');
  });

  it('shows what the menu learned, not what machines noted', () => {
    expect(dataRows({ numero_de_suministro: 44, _retry: 2, vacio: '', nada: null }, 'es')).toEqual([['numero de suministro', '44']]);
    expect(dataRows({ idioma: 'es' }, 'en')).toEqual([['idioma', 'Spanish']]);
  });

  it('names languages as the screen does', () => {
    expect([languageName('es', 'es'), languageName('en', 'es'), languageName('en', 'en')]).toEqual(['Español', 'Inglés', 'English']);
    expect([languageName('Español', 'es'), languageName('', 'es'), languageName('<b>', 'es')]).toEqual(['Español', '', '<b>']);
  });

  it('has labels in the language of the screen, else in Spanish', () => {
    expect(labelText({ es: 'Pagos', en: 'Bills' }, 'en')).toBe('Bills');
    expect(labelText({ es: 'Pagos' }, 'en')).toBe('Pagos');
    expect(labelText(null, 'es')).toBe('');
  });
});

describe('the softphone', () => {
  const request = (headers: Record<string, string>) => ({ getHeader: (name: string) => headers[name] });

  it('answers by itself only what was asked for', () => {
    expect(asksAutoAnswer(request({ 'X-Centralita-Auto-Answer': 'yes' }))).toBe(true);
    expect(asksAutoAnswer(request({ 'Call-Info': '<sip:x>;answer-after=0' }))).toBe(true);
    expect(asksAutoAnswer(request({ 'X-Centralita-Auto-Answer': 'no' }))).toBe(false);
    expect(asksAutoAnswer(request({ 'Alert-Info': 'answer-after=5' }))).toBe(false);
    expect(asksAutoAnswer(request({}))).toBe(false);
  });

  it('says why there is no microphone', () => {
    const problems = ['NotAllowedError', 'NotFoundError', 'NotReadableError', 'Odd'].map((name) => microphoneProblem({ name }));
    expect(problems).toEqual(['denied', 'no_device', 'busy', 'unknown']);
  });
});

it('comes back to a lost server more and more slowly, never slower than ten seconds', () => {
  expect([0, 1, 2, 3, 4, 9].map((attempt) => retryDelayMs(attempt, 0))).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
  expect(retryDelayMs(9, 1)).toBe(10_000);
});

describe('the ledger in words', () => {
  const name: Naming = {
    t: (key, options) => options?.defaultValue ?? key,
    agent: (id) => (id ? `agent ${id}` : ''),
    queue: (id) => (id ? `queue ${id}` : ''),
    disposition: (id) => id ?? '',
  };
  const words = (kind: string, data: Record<string, unknown>) =>
    entryWords({ at: '2026-11-22T10:00:00Z', kind, actor: 'system', data }, name);

  it('tells the way through the menu', () => {
    const steps = [
      { flow: 'demo', step: 'saludo', verb: 'say', outcome: 'heard' },
      { flow: 'demo', step: 'horario', verb: 'hours', outcome: 'closed' },
    ];
    expect(words('flow_step', { steps })).toEqual(['saludo → horario (closed)']);
  });

  it('names where a transfer went', () => {
    expect(words('transfer_started', { kind: 'agent', to: 'luis', consulted: true })).toEqual(['agent luis', 'detail.consulted']);
    expect(words('transfer_started', { to_queue: 'pagos', to_agent: null })).toEqual(['queue pagos']);
  });

  it('never shows what it does not know', () => {
    expect(words('recording_stored', { length_s: 56.64, sha256: 'x', recording: 'y' })).toEqual(['0:57']);
    expect(words('something_new', { secret: 1 })).toEqual([]);
  });
});

describe('the audit in words', () => {
  const words = { t: (key: string, options?: { defaultValue?: string }) => (key === 'role.agent' ? 'Agente' : (options?.defaultValue ?? key)) };
  const entry = (action: string, target: string, data: Record<string, unknown> = {}) =>
    ({ id: 1, at: '2026-11-22T10:00:00Z', actor: 'admin', address: '', action, target, data });

  it('tells what was done, and links to contacts alone', () => {
    expect(detailWords(entry('user.added', 'rosa', { roles: ['agent', 'new_role'], new: false }), words)).toEqual(['Agente, new_role']);
    expect(detailWords(entry('x.y', 'z', { odd_thing: 3 }), words)).toEqual(['odd thing: 3']);
    expect(actionWords(entry('x.y', 'z'), words)).toBe('x.y');
    const contact = '01m8111rcvjmf3tcptt2v131jg';
    expect(contactOf(entry('call.listened', contact))).toBe(contact);
    expect(contactOf(entry('recording.play', `${contact}.r2`))).toBe(contact);
    expect(contactOf(entry('user.changed', contact))).toBeUndefined();
    expect(contactOf(entry('call.listened', '../users'))).toBeUndefined();
  });
});
