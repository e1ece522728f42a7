/** Today's time lines: fetched once, then carried on from the live store. */
import { useQueries, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

import { get } from '../api/client';
import { useLive } from '../api/events';
import type { Timeline } from '../api/types';
import { useNow } from './clock';
import { localDay } from './time';
import { followed } from './timeline';

const KEY = 'timeline';

/** By agent; those not fetched yet are missing. `mine`: ask as the agent, who may see no other. */
export function useDays(agents: string[], mine = false): Map<string, Timeline> {
  const queries = useQueryClient();
  const day = localDay(useNow());
  const live = useLive((known) => known.agents);
  const connection = useLive((known) => known.connection);
  const wasLost = useRef(false);
  const lines = useQueries({
    queries: agents.map((id) => ({
      queryKey: [KEY, id, day],
      queryFn: () => get<Timeline>(mine ? '/me/timeline' : `/agents/${encodeURIComponent(id)}/timeline`),
      staleTime: Infinity,
      refetchOnMount: 'always' as const, // nobody carried it on meanwhile
    })),
    combine: (results) => results.map((result) => result.data),
  });

  useEffect(() => {
    for (const id of agents) {
      queries.setQueryData<Timeline>([KEY, id, day], (line) => line && followed(line, live[id]));
    }
  }, [agents.join(), day, lines, live, queries]);
  useEffect(() => {
    if (connection === 'open' && wasLost.current) void queries.invalidateQueries({ queryKey: [KEY] });
    wasLost.current = connection === 'lost';
  }, [connection, queries]);

  return new Map(agents.flatMap((id, at) => (lines[at] ? [[id, lines[at]]] : [])));
}
