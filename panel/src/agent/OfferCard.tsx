/** A contact held out to the agent: who, from which queue, how long they waited, what the menu learned. */
import { Badge, Button, Group, Progress, Text, Title } from '@mantine/core';
import { IconPhoneCheck, IconPhoneX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import type { Interaction, Offer } from '../api/types';
import { useNow } from '../app/clock';
import { customerNumber, customerTitle } from '../app/contact';
import { useQueueLabel } from '../app/queries';
import { duration, secondsSince, secondsUntil } from '../app/time';
import { useSoftphone } from '../softphone/context';
import { answer } from './alerts';
import { declineOffer, useBusy } from './commands';
import { CustomerData } from './CustomerData';
import { shortcuts } from './shortcuts';
import styles from './agent.module.css';

export function OfferCard({ offer, interaction, compact = false }: {
  offer: Offer;
  interaction: Interaction;
  compact?: boolean;
}) {
  const { t } = useTranslation();
  const { phone, state } = useSoftphone();
  const { busy, run } = useBusy();
  const now = useNow();
  const queueLabel = useQueueLabel();
  const voice = interaction.channel === 'voice';
  const kind = !voice ? 'task' : interaction.callback_address ? 'callback' : 'incoming';
  const left = secondsUntil(offer.expires_at, now);
  const whole = Math.max(1, secondsSince(offer.made_at, Date.parse(offer.expires_at)));
  const canAnswer = !voice || state.call !== null;
  const answering = voice && state.call?.phase === 'answering';

  return (
    <section className={`surface ${styles.offer}`} data-testid="offer-card" data-interaction={interaction.id}
      aria-label={t(`offer.${kind}`)} aria-live="assertive">
      <Progress value={(100 * left) / whole} size="xs" color="orange" radius={0} aria-hidden />
      <div className={styles.body}>
        <Group justify="space-between" wrap="nowrap" align="start">
          <div className={styles.who}>
            <Text size="sm" fw={600} c="orange">{t(`offer.${kind}`)}</Text>
            <Title order={2} size={compact ? 'h4' : 'h2'} data-testid="offer-customer" lineClamp={1}>
              {customerTitle(interaction, t('call.unknown'))}
            </Title>
            {interaction.contact_name && (
              <Text className="num" c="dimmed" data-testid="offer-number">{customerNumber(interaction)}</Text>
            )}
          </div>
          <div className={styles.chips}>
            {interaction.queue && (
              <Badge variant="light" size="lg" data-testid="offer-queue">{queueLabel(interaction)}</Badge>
            )}
            {interaction.queued_at && (
              <Text size="sm" c="dimmed" className="num" data-testid="offer-waited">
                {t('offer.waited', { time: duration(secondsSince(interaction.queued_at, now)) })}
              </Text>
            )}
          </div>
        </Group>
        {!compact && <CustomerData interaction={interaction} />}
        <Group mt="md" gap="sm">
          <Button size="md" color="teal" leftSection={<IconPhoneCheck size={20} />} disabled={!canAnswer}
            loading={answering || busy === 'answer'} data-testid="answer" aria-keyshortcuts={shortcuts.answer}
            onClick={() => void run('answer', () => answer({ offer, interaction }, () => phone.answer()))}>
            {t(voice ? 'offer.answer' : 'offer.accept')}
          </Button>
          <Button size="md" variant="light" color="red" leftSection={<IconPhoneX size={20} />} data-testid="decline"
            loading={busy === 'decline'} onClick={() => void run('decline', () => declineOffer(offer.id))}>
            {t('offer.decline')}
          </Button>
          <Text size="sm" c="dimmed" className="num">
            {canAnswer ? t('offer.seconds', { count: left }) : t('offer.ringing_phone')}
          </Text>
        </Group>
      </div>
    </section>
  );
}
