/** What tells an agent that a contact waits: ring, flashing title, desktop notification, and keys to answer with. */
import { useHotkeys } from '@mantine/hooks';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';

import type { Interaction } from '../api/types';
import { customerTitle } from '../app/contact';
import { useQueueLabel } from '../app/queries';
import { useSoftphone } from '../softphone/context';
import { startRing, stopRing } from '../softphone/ring';
import { acceptTask, hold, mute, resume } from './commands';
import { usePhoneCall } from './phone_call';
import { shortcuts } from './shortcuts';
import { currentCall, useWork } from './work';

const FLASH_MS = 900;

export function useWorkAlerts(username: string): void {
  const { t } = useTranslation();
  const { phone, state } = useSoftphone();
  const work = useWork(username);
  const queueLabel = useQueueLabel();
  const offered = work.offer?.interaction;
  const answering = state.call?.phase === 'answering' || state.call?.phase === 'talking';
  // A tab without the softphone stays quiet: the one that has it rings.
  const alert = offered && !answering && state.registration !== 'elsewhere' ? offered : undefined;
  const rung = usePhoneCall(work) && state.call?.phase === 'ringing' ? state.call : undefined;
  const who = alert ? customerTitle(alert, t('call.unknown')) : rung ? rung.name || rung.number || t('call.unknown') : '';
  const queue = alert ? queueLabel(alert) : '';

  useEffect(() => {
    if (!who) return undefined;
    startRing();
    const unflash = flashTitle(t('offer.title'));
    const dismiss = notify(t('offer.title'), t('offer.notification', { who, queue }));
    return () => {
      stopRing();
      unflash();
      dismiss();
    };
  }, [who, queue, t]);

  const call = currentCall(work);
  useHotkeys(
    [
      [shortcuts.answer, () => void (work.offer ? answer(work.offer, () => phone.answer()) : phone.answer())],
      [shortcuts.hold, () => void (call && (call.held ? resume(call.id) : hold(call.id)))],
      [shortcuts.mute, () => void (call && toggleMute(call, state.muted, (on) => phone.mute(on)))],
    ],
    [], // also while typing a note
  );
}

/** Take the offer: a call on the softphone, a task by asking the centre. */
export async function answer(offer: { offer: { id: string }; interaction: Interaction }, pickUp: () => Promise<void>) {
  if (offer.interaction.channel === 'voice') await pickUp();
  else await acceptTask(offer.offer.id);
}

/** Silence in this browser at once, and in the centre so that it survives a reload. */
export async function toggleMute(call: Interaction, mutedHere: boolean, muteHere: (on: boolean) => void) {
  const on = !(call.muted || mutedHere);
  muteHere(on);
  await mute(call.id, on);
}

export function askForNotifications(): void {
  if ('Notification' in window && Notification.permission === 'default') void Notification.requestPermission();
}

function flashTitle(text: string): () => void {
  const usual = document.title;
  let shown = false;
  const flash = () => {
    shown = !shown;
    document.title = shown ? text : usual;
  };
  flash();
  const timer = window.setInterval(flash, FLASH_MS);
  return () => {
    window.clearInterval(timer);
    document.title = usual;
  };
}

function notify(title: string, body: string): () => void {
  if (!('Notification' in window) || Notification.permission !== 'granted' || document.hasFocus()) return () => {};
  try {
    const notification = new Notification(title, { body, icon: '/favicon.svg', tag: 'centralita.offer' });
    notification.onclick = () => window.focus();
    return () => notification.close();
  } catch {
    return () => {}; // some phones' browsers have the class and refuse its constructor
  }
}
