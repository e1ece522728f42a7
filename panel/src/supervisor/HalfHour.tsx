/** The last half hour at a glance: a bar a minute for who came (filled as far as answered), a shade for who waited. */
import { Title } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { useLive } from '../api/events';
import { useNow } from '../app/clock';
import { clockTime } from '../app/time';
import { halfHour, MINUTES_SHOWN } from './room';
import styles from './supervisor.module.css';

const STEP = 10; // width of a minute
const HEIGHT = 48;

export function HalfHour() {
  const { t, i18n } = useTranslation();
  const pulse = useLive((live) => live.pulse);
  const minute = Math.floor(useNow() / 60_000);
  const { minutes, most, sum } = useMemo(() => halfHour(pulse, minute * 60_000), [pulse, minute]);
  const high = (count: number) => (HEIGHT * count) / most;
  const line = minutes.map((one, at) => `${STEP * at},${HEIGHT - high(one.waiting)} ${STEP * (at + 1)},${HEIGHT - high(one.waiting)}`);
  const area = `0,${HEIGHT} ${line.join(' ')} ${STEP * MINUTES_SHOWN},${HEIGHT}`;
  const legend = [['arrived', sum.arrived], ['answered', sum.answered], ['waited_most', sum.waiting]] as const;
  return (
    <section className={`surface ${styles.halfHour}`} data-testid="half-hour">
      <div className={styles.legend}>
        <Title order={2} size="h6">{t('live.half_hour')}</Title>
        {legend.map(([name, count]) => (
          <span key={name} className={styles.legendItem} data-kind={name}>
            {t(`live.${name}`)} <b className="num" data-testid={`half-hour-${name}`}>{count}</b>
          </span>
        ))}
      </div>
      <svg className={styles.bars} viewBox={`0 0 ${STEP * MINUTES_SHOWN} ${HEIGHT}`} preserveAspectRatio="none" role="img"
        aria-label={legend.map(([name, count]) => `${t(`live.${name}`)}: ${count}`).join(', ')}>
        <polygon className={styles.waited} points={area} />
        {minutes.map((one, at) => (
          <g key={one.at}>
            <title>{t('live.minute', { ...one, time: clockTime(one.at, i18n.language).slice(0, 5) })}</title>
            <rect className={styles.slot} x={STEP * at} y={0} width={STEP} height={HEIGHT} />
            <rect className={styles.arrived} x={STEP * at + 1.5} width={STEP - 3} y={HEIGHT - high(one.arrived)} height={high(one.arrived)} />
            <rect className={styles.answered} x={STEP * at + 1.5} width={STEP - 3} y={HEIGHT - high(one.answered)} height={high(one.answered)} />
          </g>
        ))}
      </svg>
    </section>
  );
}
