import { Badge, Group, Text, Title, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Flow, FlowStep } from '../api/types';
import { labelText } from '../app/contact';
import { FlowDrawing } from './FlowDrawing';
import styles from './flows.module.css';
import { Problems } from './Problems';
import { useWayWords } from './words';

export function FlowCard({ flow, openedFirst }: { flow: Flow; openedFirst: boolean }) {
  const { t, i18n } = useTranslation();
  const [open, setOpen] = useState(openedFirst);
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <section className={`surface ${styles.flow}`} data-testid={`flow-${flow.name}`}>
      <UnstyledButton className={styles.heading} aria-expanded={open} onClick={() => setOpen(!open)}
        data-testid={`open-flow-${flow.name}`} disabled={flow.steps.length === 0}>
        {flow.steps.length > 0 && <Chevron size={18} aria-hidden />}
        <Title order={2} size="h5">{labelText(flow.title, i18n.language) || flow.name}</Title>
        <Text size="sm" c="dimmed">{flow.name}.yaml</Text>
        <Soundness flow={flow} />
      </UnstyledButton>
      <Numbers flow={flow} />
      {!flow.usable && flow.problems.length === 0 && <Text size="sm" c="red">{t('flows.missing')}</Text>}
      <Problems list={flow.problems} />
      {open && flow.steps.length > 0 && (
        <>
          <FlowDrawing flow={flow} />
          <details className={styles.words}>
            <summary>{t('flows.in_words', { count: flow.steps.length })}</summary>
            <ol>{flow.steps.map((step) => <StepInWords key={step.id} step={step} />)}</ol>
          </details>
        </>
      )}
    </section>
  );
}

function Soundness({ flow }: { flow: Flow }) {
  const { t } = useTranslation();
  const errors = flow.problems.filter((one) => one.severity === 'error').length + (flow.usable || flow.problems.length ? 0 : 1);
  const warnings = flow.problems.filter((one) => one.severity === 'warning').length;
  return (
    <Group gap={6} ml="auto" wrap="nowrap">
      {errors > 0 && <Badge color="red" variant="light">{t('flows.errors', { count: errors })}</Badge>}
      {warnings > 0 && <Badge color="yellow" variant="light">{t('flows.warnings', { count: warnings })}</Badge>}
      {errors + warnings === 0 && <Badge color="teal" variant="light">{t('flows.sound')}</Badge>}
    </Group>
  );
}

function Numbers({ flow }: { flow: Flow }) {
  const { t, i18n } = useTranslation();
  if (flow.numbers.length === 0) return <Text size="sm" c="dimmed">{t('flows.no_number')}</Text>;
  return (
    <Group gap="xs">
      <Text size="sm" c="dimmed">{t('flows.numbers')}</Text>
      {flow.numbers.map((one) => (
        <Badge key={one.number} variant="light" color="gray">{[one.number, labelText(one.label, i18n.language)].filter(Boolean).join(' · ')}</Badge>
      ))}
    </Group>
  );
}

function StepInWords({ step }: { step: FlowStep }) {
  const { t, i18n } = useTranslation();
  const way = useWayWords();
  const heard = step.heard[i18n.language] ?? step.heard[''] ?? Object.values(step.heard)[0];
  return (
    <li>
      <b>{step.id}</b> · {t(`verb.${step.verb}`, { defaultValue: step.verb })}{step.about && ` ${step.about}`}
      {heard && <Text size="sm" c="dimmed" lineClamp={3}>«{heard}»</Text>}
      {step.ways.map(({ label, to }) => (
        <Text key={`${label} ${to}`} size="sm">{label ? `${way(label)} → ` : '→ '}{to === 'end' ? t('flows.end') : to}</Text>
      ))}
    </li>
  );
}
