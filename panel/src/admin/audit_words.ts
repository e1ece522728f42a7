/** What an audit entry says, as words for people. Pure; what has no word yet is shown as it was written. */
import type { AuditEntry } from '../api/types';
import { labelled } from '../app/contact';
import type { Naming } from '../calls/entry_words';

type Words = Pick<Naming, 't'>;

export function actionWords(entry: AuditEntry, { t }: Words): string {
  return t(`audit_action.${entry.action.replaceAll('.', '_')}`, { defaultValue: entry.action });
}

/** The contact this is about, which has a page of its own: a call, or whose recording (`<contact>.r<n>`) it was. */
export function contactOf(entry: AuditEntry): string | undefined {
  const about = /^(call|recording|voicemail)\./.test(entry.action);
  return about ? /^([0-9a-z]{26})(\.r\d+)?$/.exec(entry.target)?.[1] : undefined;
}

export function detailWords(entry: AuditEntry, { t }: Words): string[] {
  const list = (value: unknown, from: string) =>
    (Array.isArray(value) ? value : [value]).map((one) => t(`${from}.${String(one)}`, { defaultValue: String(one) })).join(', ');
  return Object.entries(entry.data ?? {})
    .filter(([, value]) => value !== null && value !== '' && value !== false)
    .map(([key, value]) => {
      switch (key) {
        case 'fields': return list(value, 'audit_field');
        case 'roles': return list(value, 'role');
        case 'mode': return list(value, 'listen');
        case 'state': return list(value, 'state');
        default: return labelled(key, value);
      }
    });
}
