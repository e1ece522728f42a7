/** How a refusal or a success reaches the person. */
import { notifications } from '@mantine/notifications';
import i18next from 'i18next';

import { ApiError } from '../api/client';

/** One sentence for any error: our own translation of the code, the server's words, or a plain "could not". */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return i18next.t('error.error');
  // The server's sentence is in the person's language and often says more (which number, which stage).
  if (error.message && error.status !== 0) return error.message;
  const key = `error.${error.code}`;
  return i18next.exists(key) ? i18next.t(key) : i18next.t('error.error');
}

export function showError(error: unknown): void {
  notifications.show({ id: errorText(error), color: 'red', message: errorText(error), autoClose: 7000 });
}

export function showDone(message: string): void {
  notifications.show({ color: 'teal', message, autoClose: 3000 });
}

/** Run a request from a click: a refusal is shown, and `undefined` returned. */
export async function attempt<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    showError(error);
    return undefined;
  }
}
