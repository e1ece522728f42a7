/** Which ringing calls are answered without asking: those we asked for ourselves. */

export interface Headers {
  getHeader(name: string): string | undefined;
}

/** The centre marks a call to be answered at once; some phones' dialects of the same wish are understood too. */
export function asksAutoAnswer(request: Headers): boolean {
  if (request.getHeader('X-Centralita-Auto-Answer')?.trim().toLowerCase() === 'yes') return true;
  const info = `${request.getHeader('Call-Info') ?? ''} ${request.getHeader('Alert-Info') ?? ''}`;
  return /answer-after\s*=\s*0|info=alert-autoanswer/i.test(info);
}
