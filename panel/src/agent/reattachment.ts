/** A call and an offer outlive their page: after a reload the softphone registers anew and asks to be called again. */
import { useEffect, useRef, useState } from 'react';

import { useLive } from '../api/events';
import { useSoftphone } from '../softphone/context';
import { reattach, ringAgain } from './commands';
import { currentCall, useWork } from './work';

/** Which interaction this browser's softphone carries. Kept over reloads; a call on a desk phone never enters it. */
const CARRIED = 'centralita.call';
/** Asterisk may still know the telephone that is gone, or not yet this one: asked again, and then it is the button's. */
const ATTEMPTS = 4;
const AGAIN_MS = 1500;

export function useReattachment(username: string): void {
  const { state } = useSoftphone();
  const known = useLive((live) => live.known);
  const work = useWork(username);
  const call = currentCall(work);
  const callId = call?.id;
  /** The centre heard the browser go that had the call: whichever page is there takes it up. */
  const lost = call?.page_lost ?? false;
  const offer = work.offer?.interaction.channel === 'voice' ? work.offer.offer.id : undefined;
  const tried = useRef(new Set<string>());
  const registered = state.registration === 'registered';
  const newHere = useRef(false);
  const phase = state.call?.phase;
  const carriedId = callId ?? (offer && work.offer?.interaction.id);
  const wasTalking = useRef(false);
  const [attempts, setAttempts] = useState(1);

  useEffect(() => {
    // From the click on: sound may flow, and the page be reloaded, before the call is confirmed or told as ours.
    if (carriedId && (phase === 'answering' || phase === 'talking')) {
      localStorage.setItem(CARRIED, carriedId);
      tried.current.add(carriedId);
    }
    // Not (or no longer) taken here; or the page lives and its call is gone: it was hung up, nothing to take back.
    if (phase === 'ringing' || (wasTalking.current && phase !== 'talking')) localStorage.removeItem(CARRIED);
    wasTalking.current = phase === 'talking';
  }, [phase, carriedId]);

  useEffect(() => {
    newHere.current = registered;
  }, [registered]);

  useEffect(() => {
    if (!known || !registered || !newHere.current) return;
    newHere.current = false; // an offer made from now on finds this telephone by itself
    // Refused when somebody answered it meanwhile: the offer is then gone from the screen too.
    if (offer && !state.call) ringAgain(offer).catch(() => undefined);
  }, [known, registered, offer, state.call]);

  useEffect(() => {
    if (lost && callId) tried.current.delete(callId);
  }, [lost, callId]);

  useEffect(() => {
    if (!known || !registered || !callId || tried.current.has(callId)) return;
    if (!lost && (state.call || localStorage.getItem(CARRIED) !== callId)) return;
    tried.current.add(callId);
    void reattach(callId).then((taken) => {
      if (taken || attempts >= ATTEMPTS) return;
      window.setTimeout(() => {
        tried.current.delete(callId);
        setAttempts(attempts + 1);
      }, AGAIN_MS);
    });
  }, [known, registered, lost, state.call, callId, attempts]);
}
