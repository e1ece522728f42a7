/** The agent's own work, as the live store knows it. */
import { useMemo } from 'react';

import { useLive } from '../api/events';
import type { Live } from '../api/live';
import type { Agent, Interaction, Offer } from '../api/types';

export interface Work {
  agent: Agent | undefined;
  offer: { offer: Offer; interaction: Interaction } | null;
  /** Contacts in hand (talking or wrapping up), calls first, then the oldest. */
  active: Interaction[];
}

export function useWork(username: string): Work {
  const agents = useLive((live) => live.agents);
  const interactions = useLive((live) => live.interactions);
  const offers = useLive((live) => live.offers);
  return useMemo(
    () => workOf({ agents, interactions, offers }, username),
    [agents, interactions, offers, username],
  );
}

export function workOf(live: Pick<Live, 'agents' | 'interactions' | 'offers'>, username: string): Work {
  const mine = Object.values(live.interactions).filter((interaction) => interaction.agent === username);
  const offer = Object.values(live.offers).find((one) => one.agent === username);
  const offered = offer && live.interactions[offer.interaction_id];
  return {
    agent: live.agents[username],
    offer: offer && offered ? { offer, interaction: offered } : null,
    active: mine
      .filter((interaction) => interaction.stage === 'talking' || interaction.stage === 'wrap_up')
      .sort((a, b) => rank(a) - rank(b) || a.opened_at.localeCompare(b.opened_at)),
  };
}

/** The call the agent is in, if any. */
export function currentCall(work: Work): Interaction | undefined {
  return work.active.find((interaction) => interaction.channel === 'voice' && interaction.stage === 'talking');
}

function rank(interaction: Interaction): number {
  if (interaction.channel === 'voice') return interaction.stage === 'talking' ? 0 : 1;
  return 2;
}
