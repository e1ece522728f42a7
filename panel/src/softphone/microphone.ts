/** The microphone: asking for it, and saying plainly why it was refused. */

export type MicrophoneProblem = 'denied' | 'no_device' | 'busy' | 'insecure' | 'unknown';

export class MicrophoneError extends Error {
  constructor(readonly problem: MicrophoneProblem) {
    super(problem);
    this.name = 'MicrophoneError';
  }
}

/** Open the microphone. Raises MicrophoneError. The caller stops the tracks. */
export async function openMicrophone(): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneError('insecure');
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      video: false,
    });
  } catch (error) {
    throw new MicrophoneError(microphoneProblem(error));
  }
}

export function microphoneProblem(error: unknown): MicrophoneProblem {
  switch ((error as { name?: string } | null)?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'no_device';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'unknown';
  }
}

export function closeMicrophone(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** "granted", "prompt" or "denied"; "prompt" where the browser cannot tell. */
export async function microphonePermission(): Promise<PermissionState> {
  if (!navigator.mediaDevices?.getUserMedia) return 'denied';
  try {
    return (await navigator.permissions.query({ name: 'microphone' as PermissionName })).state;
  } catch {
    return 'prompt';
  }
}
