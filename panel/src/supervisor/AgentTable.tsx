/** Who is there, doing what, since when; and the supervisor's right to change it. */
import { ActionIcon, Badge, Menu, SegmentedControl, Table, Text, Title } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { put } from '../api/client';
import type { Agent, AgentState, AgentStatus, Interaction, Timeline } from '../api/types';
import { useNow } from '../app/clock';
import { DayAxis, DayStrip } from '../app/DayStrip';
import { useDays } from '../app/days';
import { labelText } from '../app/contact';
import { attempt } from '../app/feedback';
import { useCentre, useNames } from '../app/queries';
import { statusColor } from '../app/theme';
import { duration, secondsSince } from '../app/time';
import { dayBegins } from '../app/timeline';
import styles from './supervisor.module.css';

const ORDER: AgentStatus[] = ['talking', 'ringing', 'wrap_up', 'available', 'paused', 'offline'];

export function AgentTable({ agents, interactions }: {
  agents: Record<string, Agent>;
  interactions: Record<string, Interaction>;
}) {
  const { t } = useTranslation();
  const [shown, setShown] = useState('connected');
  const all = Object.values(agents);
  const connected = all.filter((agent) => agent.status !== 'offline');
  const list = (shown === 'all' ? all : connected).sort(
    (a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || a.name.localeCompare(b.name),
  );
  const busyWith = useMemo(() => {
    const held = Object.values(interactions).filter((one) => one.agent && one.stage === 'talking');
    return new Map(held.map((one) => [one.agent, one]));
  }, [interactions]);
  const days = useDays(list.map((agent) => agent.id));
  const now = useNow();
  const fromMs = dayBegins([...days.values()], now);
  return (
    <section className={`surface ${styles.section}`}>
      <div className={styles.heading}>
        <Title order={2} size="h5">{t('live.agents')}</Title>
        <SegmentedControl size="xs" value={shown} onChange={setShown} data-testid="agents-shown"
          data={[
            { value: 'connected', label: `${t('live.connected')} (${connected.length})` },
            { value: 'all', label: `${t('live.all_agents')} (${all.length})` },
          ]} />
      </div>
      {list.length === 0 ? <Text c="dimmed" size="sm">{t(all.length > 0 ? 'live.nobody_signed_in' : 'live.no_agents')}</Text> : (
        <>
          <Table verticalSpacing={6} data-testid="agents" className={styles.agents} withRowBorders={false}>
            <Table.Tbody>
              {list.map((agent) => (
                <AgentRow key={agent.id} agent={agent} call={busyWith.get(agent.id)} day={days.get(agent.id)} fromMs={fromMs} />
              ))}
            </Table.Tbody>
          </Table>
          <DayAxis fromMs={fromMs} />
        </>
      )}
    </section>
  );
}

function AgentRow({ agent, call, day, fromMs }: {
  agent: Agent;
  call: Interaction | undefined;
  day: Timeline | undefined;
  fromMs: number;
}) {
  const { t } = useTranslation();
  const now = useNow();
  const names = useNames();
  const detail = agent.status === 'paused' ? names.reason(agent.reason)
    : call?.queue ? t('live.on_call', { queue: names.queue(call.queue) }) : '';
  return (
    <>
      <Table.Tr data-testid={`agent-${agent.id}`} data-status={agent.status}>
        <Table.Td>
          <Text size="sm" fw={550} truncate>{agent.name}</Text>
          {detail && <Text size="xs" c="dimmed" truncate>{detail}</Text>}
        </Table.Td>
        <Table.Td><Badge color={statusColor[agent.status]} variant="light">{t(`status.${agent.status}`)}</Badge></Table.Td>
        <Table.Td ta="right" className="num">{duration(secondsSince(agent.status_since, now))}</Table.Td>
        <Table.Td w={36} p={0}><ForceState agent={agent} /></Table.Td>
      </Table.Tr>
      <Table.Tr className={styles.day}>
        <Table.Td colSpan={4}>{day && <DayStrip line={day} name={agent.name} fromMs={fromMs} nowMs={now} />}</Table.Td>
      </Table.Tr>
    </>
  );
}

function ForceState({ agent }: { agent: Agent }) {
  const { t, i18n } = useTranslation();
  const centre = useCentre();
  const force = (state: AgentState, reason?: string) =>
    void attempt(put(`/agents/${encodeURIComponent(agent.id)}/state`, reason ? { state, reason } : { state }));
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t('live.force', { name: agent.name })}
          data-testid={`force-${agent.id}`}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('live.force', { name: agent.name })}</Menu.Label>
        <Menu.Item onClick={() => force('available')} data-testid="force-available">{t('state.available')}</Menu.Item>
        {(centre?.pause_reasons ?? []).map((one) => (
          <Menu.Item key={one.id} onClick={() => force('paused', one.id)} data-testid={`force-paused-${one.id}`}>
            {t('state.paused')}: {labelText(one.label, i18n.language) || one.id}
          </Menu.Item>
        ))}
        <Menu.Item onClick={() => force('offline')} data-testid="force-offline">{t('state.offline')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
