/** On every other page: the offer to answer, or the way back to the call. */
import { Anchor, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import { useMe } from '../access/session';
import { useNow } from '../app/clock';
import { customerTitle } from '../app/contact';
import { duration, secondsSince } from '../app/time';
import { OfferCard } from './OfferCard';
import { usePhoneCall } from './phone_call';
import { PhoneCard } from './PhoneCard';
import { useWork } from './work';
import styles from './agent.module.css';

export function Dock() {
  const { t } = useTranslation();
  const me = useMe();
  const now = useNow();
  const work = useWork(me.username);
  const current = work.active[0];
  const phoneCall = usePhoneCall(work);
  if (!work.offer && !current && !phoneCall) return null;
  return (
    <div className={styles.dock}>
      {work.offer && <OfferCard {...work.offer} compact />}
      {phoneCall && <PhoneCard />}
      {!work.offer && !phoneCall && current && (
        <div className={`surface ${styles.dockCall}`}>
          <div>
            <Text fw={600} truncate>{customerTitle(current, t('call.unknown'))}</Text>
            <Text size="sm" c="dimmed" className="num">
              {t(current.dialling ? 'call.dialling' : `stage.${current.stage}`)} ·{' '}
              {duration(secondsSince(current.accepted_at ?? current.stage_since, now))}
            </Text>
          </div>
          <Anchor component={Link} to="/desk" data-testid="back-to-call">{t('call.go_back')}</Anchor>
        </div>
      )}
    </div>
  );
}
