/** Time and numbers as people read them. Pure: the present is passed in. Clocks show the organisation's zone. */

let zone: string | undefined; // until the centre has told its own: the browser's

/** The organisation's time zone ("America/Guayaquil"): every hour on screen is read there. */
export function showZone(name: string | undefined): void {
  zone = name;
}

/** Whole seconds from `since` to `now`, never below zero. */
export function secondsSince(since: string | null | undefined, nowMs: number): number {
  if (!since) return 0;
  return Math.max(0, Math.floor((nowMs - Date.parse(since)) / 1000));
}

/** Whole seconds left until `until`, never below zero. */
export function secondsUntil(until: string | null | undefined, nowMs: number): number {
  if (!until) return 0;
  return Math.max(0, Math.ceil((Date.parse(until) - nowMs) / 1000));
}

/** 65 → "1:05"; 3 725 → "1:02:05". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  const s = String(whole % 60).padStart(2, '0');
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}

export function clockTime(at: string | null | undefined, language: string): string {
  if (!at) return '';
  return new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZone: zone,
  }).format(new Date(at));
}

/** The organisation's day at this instant: "2026-11-22". */
export function localDay(atMs: number): string {
  const local = new Date(atMs + zoneOffset(Math.floor(atMs / 1000) * 1000));
  return local.toISOString().slice(0, 10);
}

export function dateTime(at: string | null | undefined, language: string): string {
  if (!at) return '';
  return new Intl.DateTimeFormat(language, {
    day: '2-digit',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: zone,
  }).format(new Date(at));
}

/** A day as chosen in a date field ("2026-11-22", the organisation's) as the instant it begins, or the instant the next begins. */
export function dayStart(day: string, plusDays = 0): string {
  if (!day) return '';
  const [year, month, date] = day.split('-').map(Number);
  const midnight = Date.UTC(year ?? 0, (month ?? 1) - 1, (date ?? 1) + plusDays);
  const guess = midnight - zoneOffset(midnight);
  return new Date(midnight - zoneOffset(guess)).toISOString(); // twice: the offset of that night, not of the next day
}

/** How far the organisation's clocks are ahead of UTC at this instant, in ms. */
function zoneOffset(at: number): number {
  const parts = new Intl.DateTimeFormat('en', {
    year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    hourCycle: 'h23', timeZone: zone,
  }).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((one) => one.type === type)?.value);
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - at;
}

/** 0.873 → "87 %". */
export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? '–' : `${Math.round(share * 100)} %`;
}
