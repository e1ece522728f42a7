/** Notices of the centre, shown once each. */
import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { useMe } from '../access/session';
import { useLive } from '../api/events';
import { useNames } from './queries';

export function useNotices(): void {
  const { t, i18n } = useTranslation();
  const notices = useLive((live) => live.notices);
  const names = useNames();
  const me = useMe();
  const shown = useRef(0);
  useEffect(() => {
    for (const { seq, notice } of notices) {
      if (seq <= shown.current) continue;
      shown.current = seq;
      const mine = notice.agent === me.username ? `notice.${notice.code.replace(/^agent_/, 'you_')}` : '';
      const key = [mine, `notice.${notice.code}`].find((one) => one && i18n.exists(one)) ?? 'notice.other';
      const message = t(key, { ...notice.data, agent: names.agent(notice.agent), code: notice.code });
      notifications.show({ color: 'orange', message, autoClose: 12_000 });
    }
  }, [notices, names, me.username, t, i18n]);
}
