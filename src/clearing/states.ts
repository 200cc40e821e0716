/** Where a CDR stands. The CDR never changes, its clearing state does. */
export type CdrState =
  | 'received'
  | 'unmatched'
  | 'quarantined'
  | 'held'
  | 'provisional'
  | 'approved'
  | 'credited'
  | 'withdrawn'

/**
 * What moves a CDR: the verdicts of `judge` (wait, quarantine, hold, clear), the verbs of operator and eMSP, and
 * `credit`, a valid credit CDR for it.
 */
export type CdrEvent = 'wait' | 'quarantine' | 'hold' | 'clear' | CdrVerb | 'credit'

/**
 * approve: by the eMSP, an operator or the clock. recheck: judge again. release: an operator lets a held CDR settle.
 * return: it goes back to its sender for good.
 */
export type CdrVerb = 'approve' | 'recheck' | 'release' | 'return'

const JUDGED = { quarantine: 'quarantined', hold: 'held', clear: 'provisional' } as const

/** What is not in the table is not allowed. A repeated approval or return changes nothing. */
const TRANSITIONS: Readonly<Record<CdrState, Readonly<Partial<Record<CdrEvent, CdrState>>>>> = {
  received: { ...JUDGED, wait: 'unmatched' },
  unmatched: { ...JUDGED, wait: 'unmatched', recheck: 'unmatched' },
  quarantined: {
    ...JUDGED,
    wait: 'unmatched',
    recheck: 'quarantined',
    return: 'withdrawn',
    credit: 'credited',
  },
  held: {
    ...JUDGED,
    wait: 'held',
    recheck: 'held',
    release: 'provisional',
    return: 'withdrawn',
    credit: 'credited',
  },
  provisional: { approve: 'approved', credit: 'credited' },
  approved: { approve: 'approved', credit: 'credited' },
  // A sender may document a return with a credit CDR afterwards: nothing is booked, so nothing is reversed.
  withdrawn: { return: 'withdrawn', credit: 'credited' },
  credited: {},
}

const VERBS: readonly CdrVerb[] = ['approve', 'recheck', 'release', 'return']

/**
 * The state after an event, or a sentence that says why it is not allowed. A credit CDR is never released: it would be
 * a claim of its own, and its original would stay. Return it, and its sender sends a right one.
 */
export function nextState(
  state: CdrState,
  event: CdrEvent,
  { isCredit = false }: { isCredit?: boolean } = {},
): { ok: true; state: CdrState } | { ok: false; message: string } {
  const next = TRANSITIONS[state][event]
  const isBarred = (wanted: CdrEvent): boolean => isCredit && wanted === 'release'
  if (next !== undefined && !isBarred(event)) return { ok: true, state: next }
  const verbs = VERBS.filter((verb) => TRANSITIONS[state][verb] !== undefined && !isBarred(verb))
  const possible =
    verbs.length === 0 ? 'nothing can be done with it' : `possible now: ${verbs.join(', ')}`
  return {
    ok: false,
    message: `'${event}' is not possible for a ${isCredit ? 'credit ' : ''}CDR that is ${state}; ${possible}.`,
  }
}
