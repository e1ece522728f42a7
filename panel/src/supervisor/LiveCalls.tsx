/** Contacts in progress, and the supervisor's ways into them. */
import { ActionIcon, Anchor, Badge, Button, Group, Menu, Table, Text, Title } from '@mantine/core';
import { IconDots, IconEar } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import { useMe } from '../access/session';
import type { Interaction, Stage } from '../api/types';
import { useNow } from '../app/clock';
import { customerNumber, customerTitle } from '../app/contact';
import { useNames, useQueueLabel } from '../app/queries';
import { stageColor } from '../app/theme';
import { duration, secondsSince } from '../app/time';
import { useListening } from './listening';
import styles from './supervisor.module.css';
import { useTakeOver } from './take_over';

const ORDER: Stage[] = ['talking', 'offered', 'queued', 'flow', 'paused', 'wrap_up', 'closed'];

export function LiveCalls({ interactions }: { interactions: Record<string, Interaction> }) {
  const { t } = useTranslation();
  const list = Object.values(interactions).sort(
    (a, b) => ORDER.indexOf(a.stage) - ORDER.indexOf(b.stage) || a.stage_since.localeCompare(b.stage_since),
  );
  return (
    <section className={`surface ${styles.section}`}>
      <Title order={2} size="h5">{t('live.calls')}</Title>
      {list.length === 0 ? <Text c="dimmed" size="sm" data-testid="live-calls">{t('live.no_calls')}</Text> : (
        <div className="table-scroll">
          <Table verticalSpacing={6} data-testid="live-calls">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('live.customer')}</Table.Th>
                <Table.Th>{t('live.stage')}</Table.Th>
                <Table.Th ta="right">{t('live.time')}</Table.Th>
                <Table.Th>{t('live.queue')}</Table.Th>
                <Table.Th>{t('live.agent')}</Table.Th>
                <Table.Th><span className="sr-only">{t('live.actions')}</span></Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {list.map((one) => <CallRow key={one.id} interaction={one} />)}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </section>
  );
}

function CallRow({ interaction }: { interaction: Interaction }) {
  const { t } = useTranslation();
  const now = useNow();
  const names = useNames();
  const queueLabel = useQueueLabel();
  const me = useMe();
  const { listening } = useListening();
  const audible = interaction.stage === 'talking' && !interaction.dialling && interaction.channel === 'voice' && interaction.agent !== me.username;
  return (
    <Table.Tr data-testid={`live-call-${interaction.id}`} data-stage={interaction.stage}
      data-listening={listening?.id === interaction.id || undefined} className={styles.callRow}>
      <Table.Td>
        <Anchor component={Link} to={`/calls/${interaction.id}`} size="sm" fw={550}>
          {customerTitle(interaction, t('call.unknown'))}
        </Anchor>
        {interaction.contact_name && <Text size="xs" c="dimmed" className="num">{customerNumber(interaction)}</Text>}
      </Table.Td>
      <Table.Td>
        <Badge variant="light" color={interaction.dialling ? 'orange' : interaction.held ? 'yellow' : stageColor[interaction.stage]}>
          {t(interaction.dialling ? 'call.dialling' : interaction.held ? 'call.held' : `stage.${interaction.stage}`)}
        </Badge>
      </Table.Td>
      <Table.Td ta="right" className="num">{duration(secondsSince(interaction.stage_since, now))}</Table.Td>
      <Table.Td>{queueLabel(interaction)}</Table.Td>
      <Table.Td>{names.agent(interaction.agent)}</Table.Td>
      <Table.Td>{audible && <ListenActions interaction={interaction} />}</Table.Td>
    </Table.Tr>
  );
}

function ListenActions({ interaction }: { interaction: Interaction }) {
  const { t } = useTranslation();
  const names = useNames();
  const takeOver = useTakeOver();
  const { listening, listen, busy } = useListening();
  const here = listening?.id === interaction.id;
  return (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      {!here && (
        <Button size="compact-sm" variant="light" leftSection={<IconEar size={14} />} disabled={busy}
          data-testid="listen" onClick={() => void listen(interaction.id, 'listen')}>
          {t('listen.listen')}
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={t('live.actions')} data-testid="call-actions">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item data-testid="whisper" onClick={() => void listen(interaction.id, 'whisper')}>{t('listen.whisper')}</Menu.Item>
          <Menu.Item data-testid="barge" onClick={() => void listen(interaction.id, 'barge')}>{t('listen.barge')}</Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" data-testid="take-over-now"
            onClick={() => takeOver(interaction.id, names.agent(interaction.agent))}>
            {t('listen.take_over')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
