/** What the agent has written about a contact and not sent yet: kept over reloads, in this tab alone. */
import type { Interaction } from '../api/types';

export interface Draft {
  disposition: string | null;
  note: string;
}

const key = (id: string) => `centralita.draft.${id}`;

export function readDraft(interaction: Interaction): Draft {
  return { disposition: interaction.disposition, note: '', ...readStored(interaction.id) };
}

export function readStored(id: string): Partial<Draft> {
  try {
    return JSON.parse(sessionStorage.getItem(key(id)) ?? '{}') as Partial<Draft>;
  } catch {
    return {};
  }
}

export function saveDraft(id: string, draft: Draft): void {
  sessionStorage.setItem(key(id), JSON.stringify(draft));
}

export function forgetDraft(id: string): void {
  sessionStorage.removeItem(key(id));
}
