/** A day as a coloured strip; pressed, it tells how long of each. */
import { Popover, Text, UnstyledButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Timeline } from '../api/types';
import styles from './DayStrip.module.css';
import { useNames } from './queries';
import { clockTime, duration } from './time';
import { bars, hoursBetween, totals } from './timeline';

const WIDTH = 1000;
const HEIGHT = 10;

export function DayStrip({ line, name, fromMs, nowMs }: { line: Timeline; name: string; fromMs: number; nowMs: number }) {
  const { t, i18n } = useTranslation();
  const words = useStatusWords();
  const place = (ms: number) => (WIDTH * (ms - fromMs)) / (nowMs - fromMs);
  const hour = (ms: number) => clockTime(new Date(ms).toISOString(), i18n.language).slice(0, 5);
  const spoken = totals(line, nowMs).map((one) => `${words(one.status, one.reason)} ${duration(one.seconds)}`);
  return (
    <Popover position="bottom" withArrow>
      <Popover.Target>
        <UnstyledButton className={styles.strip} data-testid={`day-${line.agent}`}
          aria-label={`${t('day.of', { name })}: ${spoken.join(', ') || t('day.nothing')}`}>
          <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
            {bars(line, fromMs, nowMs).map((bar) => (
              <rect key={bar.fromMs} data-status={bar.status} x={place(bar.fromMs)} width={place(bar.toMs) - place(bar.fromMs)} height={HEIGHT}>
                <title>{`${words(bar.status, bar.reason)} · ${hour(bar.fromMs)}–${hour(bar.toMs)} (${duration((bar.toMs - bar.fromMs) / 1000)})`}</title>
              </rect>
            ))}
            {hoursBetween(fromMs, nowMs).map((ms) => <line key={ms} x1={place(ms)} x2={place(ms)} y1={0} y2={HEIGHT} />)}
          </svg>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="sm" fw={600} mb={4}>{t('day.of', { name })}</Text>
        <DayTotals line={line} nowMs={nowMs} />
      </Popover.Dropdown>
    </Popover>
  );
}

export function DayTotals({ line, nowMs }: { line: Timeline; nowMs: number }) {
  const { t } = useTranslation();
  const words = useStatusWords();
  const list = totals(line, nowMs);
  if (list.length === 0) return <Text size="sm" c="dimmed">{t('day.nothing')}</Text>;
  return (
    <ul className={styles.totals} data-testid="day-totals">
      {list.map((one) => (
        <li key={`${one.status} ${one.reason}`} data-status={one.status}>
          <span>{words(one.status, one.reason)}</span>
          <span className="num">{duration(one.seconds)}</span>
        </li>
      ))}
    </ul>
  );
}

/** The scale below the strips: where they begin and end. */
export function DayAxis({ fromMs }: { fromMs: number }) {
  const { t, i18n } = useTranslation();
  return (
    <div className={`num ${styles.axis}`} aria-hidden>
      <span>{clockTime(new Date(fromMs).toISOString(), i18n.language).slice(0, 5)}</span>
      <span>{t('day.now')}</span>
    </div>
  );
}

function useStatusWords(): (status: string, reason: string) => string {
  const { t } = useTranslation();
  const names = useNames();
  return (status, reason) => (reason ? `${t(`status.${status}`)}: ${names.reason(reason)}` : t(`status.${status}`));
}
