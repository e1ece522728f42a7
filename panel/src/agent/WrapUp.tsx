/** Outcome and note: may be written while talking, sent when the contact is over. */
import { Button, Group, Progress, Select, Text, Textarea } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Interaction } from '../api/types';
import { useNow } from '../app/clock';
import { labelText } from '../app/contact';
import { showDone } from '../app/feedback';
import { useCentre } from '../app/queries';
import { duration, secondsSince, secondsUntil } from '../app/time';
import { useBusy, wrapUp } from './commands';
import { forgetDraft, readDraft, saveDraft } from './draft';
import styles from './agent.module.css';

export function WrapUp({ interaction }: { interaction: Interaction }) {
  const { t, i18n } = useTranslation();
  const queries = useQueryClient();
  const centre = useCentre();
  const { busy, run } = useBusy();
  const [draft, setDraft] = useState(() => readDraft(interaction));
  const over = interaction.stage === 'wrap_up' || interaction.channel === 'task';
  const choices = (centre?.dispositions ?? []).filter(
    (one) => !one.queues?.length || !interaction.queue || one.queues.includes(interaction.queue),
  );
  const change = (next: Partial<typeof draft>) => {
    const changed = { ...draft, ...next };
    setDraft(changed);
    saveDraft(interaction.id, changed);
  };
  const submit = () =>
    run('submit', async () => {
      const closed = await wrapUp(interaction, { disposition: draft.disposition, note: draft.note.trim() });
      if (!closed) return;
      forgetDraft(interaction.id);
      showDone(t('wrap_up.done'));
      await queries.invalidateQueries({ queryKey: ['calls'] });
    });

  return (
    <section className={styles.wrapUp} data-testid="wrap-up" aria-label={t('wrap_up.title')}>
      {interaction.stage === 'wrap_up' && <TimeLeft interaction={interaction} />}
      <Select label={t('wrap_up.disposition')} placeholder={t('wrap_up.choose')} value={draft.disposition} clearable
        data-testid="wrap-up-disposition" onChange={(disposition) => change({ disposition })}
        data={choices.map((one) => ({ value: one.id, label: labelText(one.label, i18n.language) || one.id }))} />
      <Textarea label={t('wrap_up.note')} placeholder={t('wrap_up.note_placeholder')} autosize minRows={2} maxRows={6}
        maxLength={4000} value={draft.note} data-testid="wrap-up-note"
        onChange={(event) => change({ note: event.currentTarget.value })} />
      <Group justify="space-between">
        <Text size="sm" c="dimmed">{over ? '' : t('wrap_up.draft')}</Text>
        {over && (
          <Button loading={busy === 'submit'} data-testid="wrap-up-submit" onClick={() => void submit()}>
            {t('wrap_up.submit')}
          </Button>
        )}
      </Group>
    </section>
  );
}

function TimeLeft({ interaction }: { interaction: Interaction }) {
  const { t } = useTranslation();
  const now = useNow();
  if (!interaction.wrap_up_until) return null;
  const left = secondsUntil(interaction.wrap_up_until, now);
  const whole = Math.max(1, secondsSince(interaction.ended_at ?? interaction.stage_since, Date.parse(interaction.wrap_up_until)));
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Text fw={600}>{t('wrap_up.title')}</Text>
        <Text size="sm" className="num" c="dimmed" data-testid="wrap-up-left">
          {t('wrap_up.left', { time: duration(left) })}
        </Text>
      </Group>
      <Progress value={(100 * left) / whole} color="violet" size="sm" aria-hidden />
    </div>
  );
}
