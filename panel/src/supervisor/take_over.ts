/** Taking a call over moves a customer from one person to another: asked twice, then shown at the desk. */
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';

import { useListening } from './listening';

export function useTakeOver(): (id: string, agent: string) => void {
  const { t } = useTranslation();
  const { takeOver } = useListening();
  const navigate = useNavigate();
  return (id, agent) => {
    if (!window.confirm(t('listen.confirm_take_over', { agent }))) return;
    void takeOver(id).then((done) => done && navigate('/desk'));
  };
}
