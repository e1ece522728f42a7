/** The live room: what is waiting, who is there, what is being said. */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { useLive } from '../api/events';
import type { Live } from '../api/live';
import { useNow } from '../app/clock';
import { duration, secondsSince } from '../app/time';
import { AgentTable } from './AgentTable';
import { HalfHour } from './HalfHour';
import { LiveCalls } from './LiveCalls';
import { QueueTable } from './QueueTable';
import { roomOf } from './room';
import styles from './supervisor.module.css';

export function LivePage() {
  const { t } = useTranslation();
  const live = useRoomSource();
  return (
    <div className={styles.room}>
      <h1 className="sr-only">{t('live.title')}</h1>
      <Tiles live={live} />
      <HalfHour />
      <div className={styles.columns}>
        <div className={styles.stack}>
          <LiveCalls interactions={live.interactions} />
          <QueueTable live={live} />
        </div>
        <AgentTable agents={live.agents} interactions={live.interactions} />
      </div>
    </div>
  );
}

type Source = Pick<Live, 'agents' | 'interactions' | 'queues'>;

function useRoomSource(): Source {
  const agents = useLive((live) => live.agents);
  const interactions = useLive((live) => live.interactions);
  const queues = useLive((live) => live.queues);
  return useMemo(() => ({ agents, interactions, queues }), [agents, interactions, queues]);
}

function Tiles({ live }: { live: Source }) {
  const { t } = useTranslation();
  const now = useNow();
  const room = useMemo(() => roomOf(live), [live]);
  const longest = secondsSince(room.waitingSince, now);
  const tiles: { name: string; value: string | number; alarm?: boolean }[] = [
    { name: 'waiting', value: room.waiting, alarm: room.waiting > 0 && room.agents.available === 0 },
    { name: 'longest', value: room.waitingSince ? duration(longest) : '–', alarm: longest > 60 },
    { name: 'in_flow', value: room.inFlow },
    { name: 'talking', value: room.agents.talking },
    { name: 'available', value: room.agents.available },
    { name: 'paused', value: room.agents.paused },
  ];
  return (
    <div className={styles.tiles} data-testid="tiles">
      {tiles.map((tile) => (
        <div key={tile.name} className={`surface ${styles.tile}`} data-alarm={tile.alarm || undefined}
          data-testid={`tile-${tile.name}`}>
          <span className={styles.tileName}>{t(`live.${tile.name}`)}</span>
          <span className={`num ${styles.tileValue}`}>{tile.value}</span>
        </div>
      ))}
    </div>
  );
}
