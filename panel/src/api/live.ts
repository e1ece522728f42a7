/** Everything the centre tells us while it happens: a pure reducer over the events socket's messages. */
import type { Agent, Interaction, Minute, Notice, Offer, QueueState, ServerEvent } from './types';

export type Connection = 'connecting' | 'open' | 'lost';

export interface Live {
  connection: Connection;
  /** False until the first snapshot: nothing can be said yet. */
  known: boolean;
  agents: Record<string, Agent>;
  interactions: Record<string, Interaction>;
  offers: Record<string, Offer>;
  queues: Record<string, QueueState>;
  /** The last half hour, oldest minute first; empty for who may not see the room. */
  pulse: Minute[];
  notices: { seq: number; notice: Notice }[];
  noticeSeq: number;
}

const NOTICES_KEPT = 20;
const MINUTES_KEPT = 30;

export const nothingKnown: Live = {
  connection: 'connecting',
  known: false,
  agents: {},
  interactions: {},
  offers: {},
  queues: {},
  pulse: [],
  notices: [],
  noticeSeq: 0,
};

export function applyEvent(live: Live, event: ServerEvent): Live {
  switch (event.type) {
    case 'snapshot':
      return {
        ...live,
        connection: 'open',
        known: true,
        agents: keyed(event.data.agents, (agent) => agent.id),
        interactions: keyed(event.data.interactions, (interaction) => interaction.id),
        offers: keyed(event.data.offers, (offer) => offer.id),
        queues: keyed(event.data.queues, (queue) => queue.name),
        pulse: event.data.pulse,
      };
    case 'interaction':
      return applyInteraction(live, event.data);
    case 'interaction_gone': // it went to somebody else
      return { ...live, interactions: without(live.interactions, event.data.id) };
    case 'agent':
      return { ...live, agents: { ...live.agents, [event.data.id]: event.data } };
    case 'offer':
      return { ...live, offers: { ...live.offers, [event.data.id]: event.data } };
    case 'offer_gone':
      return { ...live, offers: without(live.offers, event.data.id) };
    case 'queue':
      return { ...live, queues: { ...live.queues, [event.data.name]: event.data } };
    case 'pulse':
      return { ...live, pulse: [...live.pulse.filter((one) => one.at !== event.data.at), event.data].slice(-MINUTES_KEPT) };
    case 'notice': {
      const noticeSeq = live.noticeSeq + 1;
      const notices = [...live.notices, { seq: noticeSeq, notice: event.data }].slice(-NOTICES_KEPT);
      return { ...live, notices, noticeSeq };
    }
    default:
      return live; // ping, and kinds a newer server may send
  }
}

/**
 * The answer to a request. What is not counted in the version (muted, a consultation) may have gone on while the answer
 * travelled, and the socket has told it: at the same version, what is known stays.
 */
export function applyAnswer(live: Live, interaction: Interaction): Live {
  const known = live.interactions[interaction.id];
  if (known && known.version >= interaction.version && live.connection === 'open') return live;
  return applyInteraction(live, interaction);
}

function applyInteraction(live: Live, interaction: Interaction): Live {
  const known = live.interactions[interaction.id];
  if (known && known.version > interaction.version) return live; // an answer to a request may overtake the socket
  const interactions =
    interaction.stage === 'closed'
      ? without(live.interactions, interaction.id)
      : { ...live.interactions, [interaction.id]: interaction };
  // An offer lives only as long as its interaction is offered; the word that it is gone may come later.
  const stale = Object.values(live.offers).filter(
    (offer) => offer.interaction_id === interaction.id && interaction.stage !== 'offered',
  );
  const offers = stale.reduce((left, offer) => without(left, offer.id), live.offers);
  return { ...live, interactions, offers };
}

function keyed<T>(items: T[], key: (item: T) => string): Record<string, T> {
  return Object.fromEntries(items.map((item) => [key(item), item]));
}

function without<T>(items: Record<string, T>, key: string): Record<string, T> {
  if (!(key in items)) return items;
  const { [key]: _gone, ...rest } = items;
  return rest;
}
