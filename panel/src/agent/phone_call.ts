/** Telling a contact's call from one to the telephone itself. */
import { useSoftphone } from '../softphone/context';
import { useListening } from '../supervisor/listening';
import { currentCall, type Work } from './work';

/** Whether the softphone is in, or rung by, a call that neither an offer nor a contact in hand explains. */
export function usePhoneCall(work: Work): boolean {
  const { state } = useSoftphone();
  const { listening } = useListening();
  return state.call !== null && !work.offer && !currentCall(work) && !listening;
}
