/**
 * Where a CDR stands. The CDR never changes, its clearing state does. `valid`, `matched`, `priced` and `allocated` are
 * passed in one moment: they stand in the `via` of events and nowhere else.
 */
export const CDR_STATES = [
  'received',
  'unmatched',
  'orphan_credit',
  'quarantined',
  'dropped',
  'held',
  'provisional',
  'contested',
  'approved',
  'allocated',
  'netted',
  'settled',
  'credited',
  'withdrawn',
] as const
export type CdrState = (typeof CDR_STATES)[number]

/**
 * What moves a CDR: the verdicts of `judge` (wait, quarantine, hold, clear), the verbs of operator and eMSP, `credit` –
 * a valid credit CDR for it –, `drop` – quarantined for too long –, `contest` – a dispute of it, or of a part –, `net`
 * and `settle` – its cycle became final, or was paid.
 */
export type CdrEvent =
  | 'wait'
  | 'quarantine'
  | 'hold'
  | 'clear'
  | CdrVerb
  | 'credit'
  | 'drop'
  | 'contest'
  | 'net'
  | 'settle'

/**
 * approve: by the eMSP, an operator or the clock. recheck: judge again. release: an operator lets a held CDR settle.
 * return: it goes back to its sender for good.
 */
export type CdrVerb = 'approve' | 'recheck' | 'release' | 'return'

const JUDGED = { quarantine: 'quarantined', hold: 'held', clear: 'provisional' } as const
const BOOKED = { credit: 'credited', contest: 'contested' } as const

/**
 * What is not in the table is not allowed. A repeated approval or return changes nothing. Where a CDR rests that has
 * disputes, or had some, is restingState: the table says what may happen, and where it leads without any.
 */
const TRANSITIONS: Readonly<Record<CdrState, Readonly<Partial<Record<CdrEvent, CdrState>>>>> = {
  received: { ...JUDGED, wait: 'unmatched' },
  unmatched: { ...JUDGED, wait: 'unmatched', recheck: 'unmatched' },
  orphan_credit: { ...JUDGED, wait: 'orphan_credit', recheck: 'orphan_credit' },
  quarantined: {
    ...JUDGED,
    wait: 'unmatched',
    recheck: 'quarantined',
    return: 'withdrawn',
    credit: 'credited',
    drop: 'dropped',
  },
  dropped: { credit: 'credited' },
  held: {
    ...JUDGED,
    ...BOOKED,
    wait: 'unmatched',
    recheck: 'held',
    approve: 'approved',
    release: 'provisional',
    return: 'withdrawn',
  },
  // Held for what came after it was booked.
  provisional: { ...BOOKED, hold: 'held', approve: 'approved' },
  contested: { ...BOOKED, return: 'withdrawn' },
  approved: { ...BOOKED, approve: 'approved', net: 'netted' },
  allocated: { ...BOOKED, approve: 'allocated', net: 'netted' },
  netted: { ...BOOKED, approve: 'netted', settle: 'settled' },
  settled: { ...BOOKED, approve: 'settled' },
  // A sender may document a return with a credit CDR afterwards: nothing is booked, so nothing is reversed.
  withdrawn: { return: 'withdrawn', credit: 'credited' },
  credited: {},
}

const VERBS: readonly CdrVerb[] = ['approve', 'recheck', 'release', 'return']

/**
 * The state after an event, or a sentence that says why it is not allowed. A credit that waits is an orphan. A credit
 * CDR is never released, approved or contested: it would be a claim of its own, and its original would stay. Return it,
 * and its sender sends a right one.
 */
export function nextState(
  state: CdrState,
  event: CdrEvent,
  { isCredit = false }: { isCredit?: boolean } = {},
): { ok: true; state: CdrState } | { ok: false; message: string } {
  const next = TRANSITIONS[state][event]
  const isBarred = (wanted: CdrEvent): boolean =>
    isCredit && (wanted === 'release' || wanted === 'contest' || wanted === 'approve')
  if (next !== undefined && !isBarred(event)) {
    const isOrphan = isCredit && event === 'wait'
    return { ok: true, state: isOrphan ? 'orphan_credit' : next }
  }
  const verbs = VERBS.filter((verb) => TRANSITIONS[state][verb] !== undefined && !isBarred(verb))
  const possible =
    verbs.length === 0 ? 'nothing can be done with it' : `possible now: ${verbs.join(', ')}`
  const why =
    state === 'contested' && (event === 'approve' || event === 'release')
      ? 'what its dispute is about is decided there: accept an answer or withdraw the dispute'
      : possible
  return {
    ok: false,
    message: `'${event}' is not possible for a ${isCredit ? 'credit ' : ''}CDR that is ${state.replaceAll('_', ' ')}; ${why}.`,
  }
}

/**
 * Where a booked CDR rests: held while a draft of the hub holds a part of it, contested while any other dispute is
 * undecided, otherwise by its part 0. `isGone`: nothing is left of its claim; `isNetted`: all that is left is in cycles
 * that are final.
 */
export function restingState(facts: {
  drafts: number
  undecided: number
  book: 'provisional' | 'held' | 'due' | null
  isGone: boolean
  isNetted: boolean
}): CdrState {
  if (facts.drafts > 0) return 'held'
  if (facts.undecided > 0) return 'contested'
  if (facts.isGone || facts.book === null) return 'withdrawn'
  if (facts.book !== 'due') return facts.book
  return facts.isNetted ? 'netted' : 'approved'
}
