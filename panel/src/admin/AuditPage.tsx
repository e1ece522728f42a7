import { Anchor, Loader, Table, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import { get, query } from '../api/client';
import type { AuditEntry, Page } from '../api/types';
import { errorText } from '../app/feedback';
import { PAGE_SIZE, Pages, useFilter } from '../app/Filters';
import listStyles from '../app/Filters.module.css';
import { dateTime } from '../app/time';
import { actionWords, contactOf, detailWords } from './audit_words';

export function AuditPage() {
  const { t, i18n } = useTranslation();
  const naming = { t: (key: string, options?: Record<string, unknown>) => t(key, options ?? {}) };
  const { filter, set } = useFilter();
  const audit = useQuery({
    queryKey: ['audit', filter.page],
    queryFn: () => get<Page<AuditEntry>>(`/audit${query({ page: filter.page, page_size: PAGE_SIZE })}`),
    placeholderData: keepPreviousData,
  });
  const items = audit.data?.items ?? [];
  return (
    <section className={`surface ${listStyles.list}`}>
      <Title order={1} size="h4">{t('audit.title')}</Title>
      {audit.isPending && <Loader size="sm" aria-label={t('app.loading')} />}
      {audit.isError && <Text c="red" role="alert">{errorText(audit.error)}</Text>}
      {audit.isSuccess && items.length === 0 && <Text c="dimmed">{t('audit.nothing')}</Text>}
      {items.length > 0 && (
        <div className="table-scroll">
          <Table verticalSpacing={5} data-testid="audit">
            <Table.Thead>
              <Table.Tr>
                {(['when', 'actor', 'action', 'target', 'data'] as const).map((one) => (
                  <Table.Th key={one}>{t(`audit.${one}`)}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((entry, index) => (
                <Table.Tr key={`${entry.at}.${index}`}>
                  <Table.Td className="num">{dateTime(entry.at, i18n.language)}</Table.Td>
                  <Table.Td>{entry.actor}</Table.Td>
                  <Table.Td>{actionWords(entry, naming)}</Table.Td>
                  <Table.Td>
                    <Target entry={entry} />
                  </Table.Td>
                  <Table.Td>{detailWords(entry, naming).join(' · ')}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      {audit.data && <Pages total={audit.data.total} page={filter.page} onChange={(page) => set({ page })} />}
    </section>
  );
}

function Target({ entry }: { entry: AuditEntry }) {
  const contact = contactOf(entry);
  if (!contact) return entry.target;
  return <Anchor component={Link} to={`/calls/${contact}`} size="sm" className="num">…{contact.slice(-8)}</Anchor>;
}
