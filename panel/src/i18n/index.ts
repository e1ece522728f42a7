/** Languages of the panel: Spanish first. The choice is remembered in this browser. */
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

import { en } from './en';
import { es } from './es';

export const languages = ['es', 'en'] as const;
export type Language = (typeof languages)[number];

const STORED = 'centralita.language';

function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  return languages.find((language) => language === stored) ?? 'es';
}

export function chooseLanguage(language: Language): void {
  localStorage.setItem(STORED, language);
  void i18next.changeLanguage(language);
}

/** The user's own language, unless one was chosen in this browser. */
export function preferLanguage(language: string): void {
  const known = languages.find((one) => one === language);
  if (known && !localStorage.getItem(STORED)) void i18next.changeLanguage(known);
}

i18next.on('languageChanged', (language) => {
  document.documentElement.lang = language;
});

void i18next.use(initReactI18next).init({
  resources: { es: { translation: es }, en: { translation: en } },
  lng: firstLanguage(),
  fallbackLng: 'es',
  interpolation: { escapeValue: false }, // React escapes
});
