import type { Agent, Interaction } from '../src/api/types';

export function contact(change: Partial<Interaction> = {}): Interaction {
  return {
    id: 'c1', channel: 'voice', direction: 'inbound', stage: 'queued', from_address: '+59171234567', to_address: '101',
    opened_at: '2026-11-22T10:00:00Z', stage_since: '2026-11-22T10:00:10Z', external_id: '', node: 'asterisk-1', requirements: [],
    preferred_agent: null, only_agent: null, queue_since: null, parent_id: null, contact_id: null,
    contact_name: '', language: 'es', flow: 'demo', queue: 'reclamos', queue_label: { es: 'Reclamos', en: 'Complaints' },
    priority: 0, queued_at: '2026-11-22T10:00:10Z', offers: 0, agent: null, accepted_at: null, ended_at: null,
    wrap_up_until: null, closed_at: null, end_reason: null, end_detail: '', disposition: null, callback_address: null,
    data: {}, version: 1, held: false, muted: false, dialling: false, page_lost: false, recording: 'on', consult: null, ...change,
  };
}

export function person(change: Partial<Agent> = {}): Agent {
  return {
    id: 'ana', name: 'Ana', state: 'available', reason: '', state_since: null, status: 'available',
    status_since: '2026-11-22T09:00:00Z', missed_offers: 0, skills: {}, capacity: { voice: 1 }, idle_since: null, ...change,
  };
}
