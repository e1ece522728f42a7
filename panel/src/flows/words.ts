/** Words for what leads from one step to another. */
import { useTranslation } from 'react-i18next';

/** "0 · otherwise" → "0 · si no": keys stay, the language's own words are translated. */
export function useWayWords(): (label: string) => string {
  const { t } = useTranslation();
  return (label) => label.split(' · ').map((one) => t(`way.${one}`, { defaultValue: one })).join(' · ');
}
