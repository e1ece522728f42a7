/** A call to the telephone itself, which is no contact of ours (yet): a colleague who consults us. */
import { Button, Group, Text, Title } from '@mantine/core';
import { IconMicrophone, IconMicrophoneOff, IconPhoneCheck, IconPhoneOff, IconPhoneX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { useSoftphone } from '../softphone/context';
import { shortcuts } from './shortcuts';
import styles from './agent.module.css';

export function PhoneCard() {
  const { t } = useTranslation();
  const { phone, state } = useSoftphone();
  if (!state.call) return null;
  const { phase, name, number } = state.call;
  const talking = phase === 'talking';
  return (
    <section className={`surface ${talking ? styles.call : styles.offer}`} data-testid="phone-card" data-phase={phase}
      aria-label={t('phone_call.title')} aria-live="assertive">
      <div className={styles.body}>
        <div className={styles.who}>
          <Text size="sm" fw={600} c={talking ? 'blue' : 'orange'}>{t(talking ? 'phone_call.talking' : 'phone_call.title')}</Text>
          <Title order={2} size="h3">{name || number || t('call.unknown')}</Title>
          <Text size="sm" c="dimmed">{t('phone_call.why')}</Text>
        </div>
        {talking ? (
          <Group>
            <Button variant={state.muted ? 'filled' : 'default'} color="red" aria-pressed={state.muted}
              leftSection={state.muted ? <IconMicrophoneOff size={18} /> : <IconMicrophone size={18} />}
              data-testid="phone-mute" onClick={() => phone.mute(!state.muted)}>
              {t(state.muted ? 'call.unmute' : 'call.mute')}
            </Button>
            <Button color="red" leftSection={<IconPhoneOff size={18} />} data-testid="phone-hang-up" onClick={() => phone.hangUp()}>
              {t('call.hang_up')}
            </Button>
          </Group>
        ) : (
          <Group>
            <Button size="md" color="teal" leftSection={<IconPhoneCheck size={20} />} loading={phase === 'answering'}
              data-testid="phone-answer" aria-keyshortcuts={shortcuts.answer} onClick={() => void phone.answer()}>
              {t('offer.answer')}
            </Button>
            <Button size="md" variant="light" color="red" leftSection={<IconPhoneX size={20} />} data-testid="phone-decline"
              onClick={() => phone.hangUp()}>
              {t('offer.decline')}
            </Button>
          </Group>
        )}
      </div>
    </section>
  );
}
