/** What several features ask the API for. */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { may, useMe } from '../access/session';
import { get } from '../api/client';
import { useLive } from '../api/events';
import type { Centre, Colleague, Interaction, Label } from '../api/types';
import { labelText } from './contact';

export function useCentre(): Centre | undefined {
  return useQuery({ queryKey: ['centre'], queryFn: () => get<Centre>('/centre'), staleTime: 5 * 60_000 }).data;
}

/** The others who take contacts, as an agent may see them: name and status. */
export function useColleagues(fresh_ms: number) {
  const me = useMe();
  return useQuery({
    queryKey: ['colleagues'],
    queryFn: () => get<Colleague[]>('/colleagues'),
    enabled: may(me, 'own_work'),
    staleTime: fresh_ms,
    refetchInterval: fresh_ms,
    retry: false,
  });
}

/** Names for ids, in the language of the screen. */
export function useNames() {
  const { t, i18n } = useTranslation();
  const centre = useCentre();
  const agents = useLive((live) => live.agents);
  const colleagues = useColleagues(60_000).data;
  return useMemo(() => {
    const of = (list: { label: Label }[] | undefined, found: { label: Label } | undefined, id: string) =>
      (list && found && labelText(found.label, i18n.language)) || id;
    return {
      queue: (name: string | null | undefined) =>
        name ? of(centre?.queues, centre?.queues.find((queue) => queue.name === name), name) : '',
      disposition: (id: string | null | undefined) =>
        id ? of(centre?.dispositions, centre?.dispositions.find((one) => one.id === id), id) : '',
      reason: (id: string | null | undefined) => {
        if (!id) return '';
        const found = centre?.pause_reasons.find((one) => one.id === id);
        return found ? labelText(found.label, i18n.language) : t(`reason.${id}`, { defaultValue: id });
      },
      agent: (id: string | null | undefined) => 
        id ? (agents[id]?.name ?? colleagues?.find((one) => one.id === id)?.name ?? id) : '',
    };
  }, [agents, colleagues, centre, i18n.language, t]);
}

/** The queue's label as the interaction carries it, or by its name. */
export function useQueueLabel(): (interaction: Interaction) => string {
  const { i18n } = useTranslation();
  const names = useNames();
  return (interaction) => labelText(interaction.queue_label, i18n.language) || names.queue(interaction.queue);
}
