/** Where an agent works all day: the contact in hand on the left, its story and the telephone on the right. */
import { Anchor, Button, Kbd, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconCoffee, IconHeadset, IconPower } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import { useMe } from '../access/session';
import { get, query } from '../api/client';
import type { Agent, Interaction, Me, Page } from '../api/types';
import { customerTitle } from '../app/contact';
import { useNow } from '../app/clock';
import { DayAxis, DayStrip, DayTotals } from '../app/DayStrip';
import { useDays } from '../app/days';
import { useNames } from '../app/queries';
import { clockTime } from '../app/time';
import { dayBegins } from '../app/timeline';
import { CallCard } from './CallCard';
import { CustomerHistory } from './CustomerData';
import { DialBox } from './DialBox';
import { OfferCard } from './OfferCard';
import { usePhoneCall } from './phone_call';
import { PhoneCard } from './PhoneCard';
import { changeState } from './StateSwitch';
import { currentCall, useWork } from './work';
import styles from './agent.module.css';

export function AgentPage() {
  const { t } = useTranslation();
  const me = useMe();
  const work = useWork(me.username);
  const call = currentCall(work);
  const phoneCall = usePhoneCall(work);
  const about = work.offer?.interaction ?? work.active[0];
  return (
    <div className={styles.desk}>
      <h1 className="sr-only">{t('nav.desk')}</h1>
      <div className={styles.main}>
        {work.offer && <OfferCard {...work.offer} />}
        {phoneCall && <PhoneCard />}
        {work.active.map((interaction) => <CallCard key={interaction.id} interaction={interaction} />)}
        {!work.offer && !phoneCall && work.active.length === 0 && <Idle agent={work.agent} />}
      </div>
      <aside className={styles.aside}>
        {about && <CustomerHistory interaction={about} />}
        <DialBox disabled={call !== undefined || phoneCall} />
        <MyContacts username={me.username} />
        <MyDay me={me} />
      </aside>
    </div>
  );
}

function Idle({ agent }: { agent: Agent | undefined }) {
  const { t } = useTranslation();
  const state = agent?.state ?? 'offline';
  // The centre did it, not the agent: say why.
  const forced = agent?.reason === 'missed_offers' || agent?.reason === 'unreachable' ? agent.reason : state;
  const text = state === 'available' ? state : forced;
  const Icon = { available: IconHeadset, paused: IconCoffee, offline: IconPower }[state];
  return (
    <section className={`surface ${styles.idle}`} data-testid="idle" data-state={state}>
      <Icon size={52} stroke={1.2} aria-hidden />
      <Title order={2} size="h3">{t(`idle.${text}`)}</Title>
      <Text c="dimmed">{t(`idle.${text}_why`)}</Text>
      {state !== 'available' && (
        <Button mt="sm" size="md" onClick={() => void changeState('available')} data-testid="start-work">
          {t('idle.start')}
        </Button>
      )}
      <Text size="xs" c="dimmed" mt="lg" className={styles.shortcuts}>
        <Kbd size="xs">Alt A</Kbd> {t('idle.shortcut_answer')} <Kbd size="xs">Alt H</Kbd> {t('idle.shortcut_hold')}{' '}
        <Kbd size="xs">Alt M</Kbd> {t('idle.shortcut_mute')}
      </Text>
    </section>
  );
}

function MyDay({ me }: { me: Me }) {
  const { t } = useTranslation();
  const now = useNow();
  const line = useDays([me.username], true).get(me.username);
  if (!line) return null;
  const fromMs = dayBegins([line], now);
  return (
    <section className={`surface ${styles.side}`} data-testid="my-day">
      <Title order={3} size="h6">{t('day.mine')}</Title>
      <DayStrip line={line} name={me.name} fromMs={fromMs} nowMs={now} />
      <DayAxis fromMs={fromMs} />
      <DayTotals line={line} nowMs={now} />
    </section>
  );
}

function MyContacts({ username }: { username: string }) {
  const { t, i18n } = useTranslation();
  const names = useNames();
  const latest = useQuery({
    queryKey: ['calls', 'mine', username],
    queryFn: () => get<Page<Interaction>>(`/calls${query({ state: 'closed', agent: username, page_size: 6 })}`),
    refetchInterval: 60_000,
  });
  const items = latest.data?.items ?? [];
  return (
    <section className={`surface ${styles.side}`}>
      <Title order={3} size="h6">{t('idle.today')}</Title>
      {latest.isSuccess && items.length === 0 && <Text size="sm" c="dimmed" mt={4}>{t('idle.nothing')}</Text>}
      {items.map((one) => (
        <div key={one.id} className={styles.past}>
          <Anchor component={Link} to={`/calls/${one.id}`} size="sm" truncate>
            {customerTitle(one, t('call.unknown'))}
          </Anchor>
          <Text size="sm" c="dimmed" truncate>{names.disposition(one.disposition) || names.queue(one.queue)}</Text>
          <Text size="sm" c="dimmed" className="num">{clockTime(one.opened_at, i18n.language)}</Text>
        </div>
      ))}
    </section>
  );
}
