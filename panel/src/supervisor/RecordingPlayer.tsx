import { ActionIcon, Button, Group, SegmentedControl, Text } from '@mantine/core';
import { IconDownload, IconPlayerPauseFilled, IconPlayerPlayFilled } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type WaveSurfer from 'wavesurfer.js';

import type { Recording } from '../api/types';
import { duration } from '../app/time';
import { drawWaveform } from './waveform';
import styles from './supervisor.module.css';

const SPEEDS = ['1', '1.25', '1.5', '2'];

export function RecordingPlayer({ recording }: { recording: Recording }) {
  const { t } = useTranslation();
  const container = useRef<HTMLDivElement>(null);
  const [wave, setWave] = useState<WaveSurfer | null>(null); // null until it can be played
  const [playing, setPlaying] = useState(false);
  const [at, setAt] = useState(0);
  const [speed, setSpeed] = useState('1');
  const [failed, setFailed] = useState(false);
  const url = `/api/v1/recordings/${encodeURIComponent(recording.id)}/audio`;

  useEffect(() => {
    let gone = false;
    let drawn: WaveSurfer | null = null;
    setFailed(false);
    if (container.current) {
      drawWaveform(container.current, recording).then((made) => {
        if (gone) return made.destroy();
        drawn = made;
        setWave(made);
        made.on('play', () => setPlaying(true));
        made.on('pause', () => setPlaying(false));
        made.on('finish', () => setPlaying(false));
        made.on('timeupdate', setAt);
        made.on('error', () => setFailed(true));
      }, () => setFailed(true));
    }
    return () => {
      gone = true;
      drawn?.destroy();
      setWave(null);
    };
  }, [recording.id]);

  useEffect(() => wave?.setPlaybackRate(Number(speed), true), [wave, speed]);
  return (
    <div className={styles.player} data-testid="recording-player">
      <div className={styles.wave} aria-label={t('recordings.wave')} role="img">
        <div className={styles.sides}>
          <span>{t('recordings.left')}</span>
          <span>{t('recordings.right')}</span>
        </div>
        <div ref={container} />
      </div>
      {failed && <Text size="sm" c="red" role="alert">{t('recordings.cannot_play')}</Text>}
      <Group gap="sm">
        <ActionIcon size="lg" radius="xl" aria-label={t(playing ? 'recordings.pause' : 'recordings.play')} disabled={!wave || failed}
          data-testid="play" onClick={() => void wave?.playPause()}>
          {playing ? <IconPlayerPauseFilled size={18} /> : <IconPlayerPlayFilled size={18} />}
        </ActionIcon>
        <Text size="sm" className="num" data-testid="player-time">
          {duration(at)} / {duration(recording.length_s)}
        </Text>
        <SegmentedControl size="xs" aria-label={t('recordings.speed')} value={speed} onChange={setSpeed}
          data={SPEEDS.map((value) => ({ value, label: `${value}×` }))} />
        <Button component="a" href={`${url}?download=1`} download variant="default" size="xs" data-testid="download"
          leftSection={<IconDownload size={15} />}>
          {t('recordings.download')}
        </Button>
      </Group>
    </div>
  );
}
