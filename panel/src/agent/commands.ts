/** What an agent asks of a call. Each answer goes into the live store at once. */
import { useState } from 'react';

import { post } from '../api/client';
import { learnInteraction } from '../api/events';
import type { Interaction, TargetKind } from '../api/types';
import { attempt } from '../app/feedback';
import { forgetDraft, readStored } from './draft';

export interface Target {
  kind: TargetKind;
  value: string;
}

async function command(id: string, path: string, body?: unknown): Promise<Interaction | undefined> {
  const interaction = await attempt(post<Interaction>(`/calls/${encodeURIComponent(id)}/${path}`, body));
  learnInteraction(interaction);
  return interaction;
}

export const hold = (id: string) => command(id, 'hold');
export const resume = (id: string) => command(id, 'resume');
export const mute = (id: string, on: boolean) => command(id, 'mute', { on });
export const sendDigits = (id: string, digits: string) => command(id, 'digits', { digits });
export const consult = (id: string, target: Target) => command(id, 'consult', target);
export const cancelConsult = (id: string) => command(id, 'consult/cancel');
export const conference = (id: string) => command(id, 'conference');
export const reattach = (id: string) => command(id, 'reattach');
export const pauseRecording = (id: string) => command(id, 'recording/pause');
export const resumeRecording = (id: string) => command(id, 'recording/resume');

export const transfer = (id: string, target: Target) => givingAway(id, () => command(id, 'transfer', target));
export const completeConsult = (id: string) => givingAway(id, () => command(id, 'consult/complete'));

/** Beside a third party who has answered, hanging up hands the customer over. */
export const hangUp = (interaction: Interaction) =>
  interaction.consult && interaction.consult.state !== 'ringing'
    ? givingAway(interaction.id, () => command(interaction.id, 'hang-up'))
    : command(interaction.id, 'hang-up');

/** What its agent has written about a contact goes into the ledger before it is somebody else's. */
async function givingAway(id: string, give: () => Promise<Interaction | undefined>): Promise<Interaction | undefined> {
  const { disposition = null, note = '' } = readStored(id);
  const written = disposition || note.trim() ? await command(id, 'wrap-up', { disposition, note: note.trim(), tags: [] }) : undefined;
  const given = await give();
  if (written && given) forgetDraft(id);
  return given;
}

/** Ring this page's telephone for an offer that stood before the page was there. */
export const ringAgain = (offerId: string) => post(`/offers/${encodeURIComponent(offerId)}/ring`);

/** End a contact's wrap-up. A task ends with it: nobody hangs up on the other side. */
export async function wrapUp(
  interaction: Interaction,
  outcome: { disposition: string | null; note: string },
): Promise<Interaction | undefined> {
  if (interaction.stage === 'talking') await command(interaction.id, 'hang-up');
  return command(interaction.id, 'wrap-up', { ...outcome, tags: [] });
}

export const acceptTask = (offerId: string) => attempt(post(`/offers/${encodeURIComponent(offerId)}/accept`));
export const declineOffer = (offerId: string) => attempt(post(`/offers/${encodeURIComponent(offerId)}/decline`));

export async function dial(number: string): Promise<Interaction | undefined> {
  const interaction = await attempt(post<Interaction>('/calls', { number }));
  learnInteraction(interaction);
  return interaction;
}

/** Which of some buttons is waiting for its answer, so that it shows so and cannot be pressed twice. */
export function useBusy(): { busy: string | null; run: <T>(name: string, work: () => Promise<T>) => Promise<T | undefined> } {
  const [busy, setBusy] = useState<string | null>(null);
  const run = async <T,>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    if (busy) return undefined;
    setBusy(name);
    try {
      return await work();
    } finally {
      setBusy(null);
    }
  };
  return { busy, run };
}
