/** What a ledger entry says beyond its kind, as words for people. Pure; unknown data is left out, never dumped. */
import type { LedgerEntry } from '../api/types';
import { duration } from '../app/time';

export interface Naming {
  t: (key: string, options?: { defaultValue?: string; [name: string]: unknown }) => string;
  agent: (id: string | null | undefined) => string;
  queue: (name: string | null | undefined) => string;
  disposition: (id: string | null | undefined) => string;
}

interface Step {
  step?: string;
  outcome?: string;
}

/** Outcomes that every such step has; the others (closed, no_input, the branch taken) are worth a word. */
const USUAL = new Set(['said', 'heard', 'asked', 'set', 'called', 'returned', 'played', '']);

export function entryWords(entry: LedgerEntry, name: Naming): string[] {
  const data = entry.data;
  const text = (key: string) => (data[key] === null || data[key] === undefined ? '' : String(data[key]));
  const reason = (from: string) => text('reason') && name.t(`${from}.${text('reason')}`, { defaultValue: text('reason') });
  const words = (): string[] => {
    switch (entry.kind) {
      case 'opened':
        return [text('direction') && name.t(`call.${text('direction')}`), name.agent(text('agent'))];
      case 'identified':
        return [text('contact_name') || text('name')];
      case 'flow_started':
        return [text('flow'), name.queue(text('from_queue'))];
      case 'flow_step':
        return [path(data['steps'], name)];
      case 'queued':
      case 'requeued':
        return [name.queue(text('queue')), name.agent(text('only_agent'))];
      case 'offered':
        return [name.agent(text('agent'))];
      case 'declined':
        return [name.agent(text('agent')), reason('decline_reason')];
      case 'accepted':
        return [name.agent(text('agent')), text('waited_s') && name.t('offer.waited', { time: duration(Number(text('waited_s'))) })];
      case 'transfer_started':
      case 'transfer_completed':
      case 'transfer_failed':
      case 'taken_over':
        return [target(data, name), data['consulted'] === true ? name.t('detail.consulted') : '', reason('transfer_reason')];
      case 'line_opened':
        return [text('to')];
      case 'conferenced':
        return [name.agent(text('with'))];
      case 'listening_started':
        return [text('mode') && name.t(`listen.${text('mode')}`, { defaultValue: text('mode') })];
      case 'recording_stored':
        return [text('length_s') && duration(Number(text('length_s')))];
      case 'ended':
        return [reason('end_reason'), text('detail') || text('end_detail')];
      case 'disposed':
        return [name.disposition(text('disposition')), text('note')];
      default:
        return [];
    }
  };
  return words().filter((word) => word !== '');
}

function path(steps: unknown, name: Naming): string {
  if (!Array.isArray(steps)) return '';
  return (steps as Step[])
    .map(({ step = '', outcome = '' }) => (USUAL.has(outcome) ? step : `${step} (${name.t(`step_outcome.${outcome}`, { defaultValue: outcome.replaceAll('_', ' ') })})`))
    .join(' → ');
}

function target(data: Record<string, unknown>, name: Naming): string {
  const queue = data['to_queue'] ?? (data['kind'] === 'queue' ? data['to'] : null);
  if (queue) return name.queue(String(queue));
  const person = data['to_agent'] ?? data['agent'] ?? data['to'];
  return person ? name.agent(String(person)) : '';
}
