/** What a contact is called on screen. */
import type { Interaction, Label } from '../api/types';

/** The customer's side of the contact: who called, or whom we called. */
export function customerNumber(interaction: Interaction): string {
  const own = interaction.direction === 'outbound' ? interaction.to_address : interaction.from_address;
  return interaction.callback_address || own;
}

/** The name when known, else the number, else `unknown` (a withheld number). */
export function customerTitle(interaction: Interaction, unknown: string): string {
  return interaction.contact_name || customerNumber(interaction) || unknown;
}

export function labelText(label: Label | null | undefined, language: string): string {
  if (!label) return '';
  return label[language] ?? label['es'] ?? Object.values(label)[0] ?? '';
}

/** Shown by a player, not as text. */
const HIDDEN = new Set(['voicemail', 'voicemail_s']);

/** Flow data as rows to read, without the machine's own marks (leading underscore). */
export function dataRows(data: Record<string, unknown> | null | undefined, language: string): [string, string][] {
  return Object.entries(data ?? {})
    .filter(([key, value]) => !key.startsWith('_') && !HIDDEN.has(key) && value !== null && value !== undefined && value !== '')
    .map(([key, value]) => [
      key.replaceAll('_', ' '),
      LANGUAGE_KEYS.has(key) ? languageName(String(value), language)
        : typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]);
}

/** A datum without a word of its own. */
export function labelled(key: string, value: unknown): string {
  return `${key.replaceAll('_', ' ')}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`;
}

/** Under these names flows keep the caller's language. */
const LANGUAGE_KEYS = new Set(['idioma', 'language', 'lang']);

/** "es" → "Español", in the language of the screen; what is no language's code stays as it is. */
export function languageName(code: string, language: string): string {
  if (!/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(code)) return code;
  const name = new Intl.DisplayNames([language], { type: 'language', fallback: 'code' }).of(code) ?? code;
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}
