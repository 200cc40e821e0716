import type { DisputeTerms } from './terms.ts'

/** Who does something: the CPO, the eMSP, the hub by itself (the clock, a proof), an operator of the hub. */
export type Side = 'cpo' | 'emsp' | 'hub' | 'operator'

/** Where a dispute can stand while it is not decided. `draft`: the hub found something, nobody has confirmed it. */
const UNDECIDED = [
  'draft',
  'open',
  'in_review',
  'accepted_partial',
  'denied',
  'second_review',
  'proposed',
  'arbitration',
] as const
export type UndecidedState = (typeof UNDECIDED)[number]
/** Decided in part or whole for the eMSP: the documents of the CPO are waited for. */
const AWAITING = ['await_credit', 'await_replacement'] as const
type AwaitingState = (typeof AWAITING)[number]
export type OpenState = UndecidedState | AwaitingState
/** Where it ends. */
const CLOSED = ['closed', 'withdrawn', 'auto_resolved', 'expired'] as const
export type ClosedState = (typeof CLOSED)[number]
/** States that are passed in one moment. They stand in the `via` of an event only. */
const PASSED = ['accepted_full', 'no_response', 'rebutted', 'accepted', 'ruled'] as const
type PassedState = (typeof PASSED)[number]
export type DisputeState = OpenState | ClosedState | PassedState
export const DISPUTE_STATES: readonly DisputeState[] = [
  ...UNDECIDED,
  ...AWAITING,
  ...CLOSED,
  ...PASSED,
]

/**
 * contest – the eMSP opens a dispute, confirms a draft, or adds a reason; open – a draft by operator or clock; review –
 * the CPO looks into it; answer – it denies; accept – the CPO all or a part, the eMSP a denial or what was accepted,
 * either an offer; propose – an amount to meet at; reject – an offer; rebut – a denial; withdraw – gives it up; rule –
 * decides; expire – ends it with what is upheld so far. By the hub alone: prove – it is proven and will be upheld;
 * resolve – decided by what is proven; tolerate – too small to matter; clear – the finding is gone; uphold – the CPO kept
 * silent; close – nobody objected; credit, consume – the credit, and what replaces the CDR, came.
 */
export type DisputeVerb =
  | 'contest'
  | 'open'
  | 'review'
  | 'answer'
  | 'accept'
  | 'propose'
  | 'reject'
  | 'rebut'
  | 'withdraw'
  | 'rule'
  | 'expire'
  | 'prove'
  | 'resolve'
  | 'tolerate'
  | 'clear'
  | 'uphold'
  | 'close'
  | 'credit'
  | 'consume'

export type Outcome =
  'upheld' | 'partly_upheld' | 'denied' | 'withdrawn' | 'tolerated' | 'credited' | 'cleared'

/** When something happens by itself: `days` of the agreement, from now or from when the dispute was opened. */
export type Clock = { term: keyof DisputeTerms; from: 'now' | 'opened'; verb: DisputeVerb }

/**
 * What is upheld: none – nothing is decided; given – what the actor names, all when it names nothing; ruled – what it
 * names, else what is on the table; offer – what it names goes on the table; all; stands – what is upheld so far; table –
 * what is on the table; nothing.
 */
type AmountRule = 'none' | 'given' | 'ruled' | 'offer' | 'all' | 'stands' | 'table' | 'nothing'

/**
 * One row of the table: who may do what, and what comes of it. `to`: `decided` goes on to await_credit, or to closed
 * where nothing is upheld. `partly`: where it goes when less than all is given. `clock`: instead of that of the state it
 * leads to; `keep` lets the running one go on.
 */
export type Step = {
  readonly verb: DisputeVerb
  readonly by: readonly Side[]
  readonly to: OpenState | ClosedState | 'decided'
  readonly partly?: OpenState
  readonly via?: readonly DisputeState[]
  readonly amount: AmountRule
  readonly needsText?: true
  readonly newRound?: true
  readonly clock?: Clock | 'keep'
  readonly outcome?: Outcome
}

const ALWAYS: readonly Step[] = [
  {
    verb: 'withdraw',
    by: ['emsp', 'operator'],
    to: 'withdrawn',
    amount: 'nothing',
    outcome: 'withdrawn',
  },
  { verb: 'credit', by: ['hub'], to: 'closed', amount: 'nothing', outcome: 'credited' },
  { verb: 'tolerate', by: ['hub'], to: 'auto_resolved', amount: 'nothing', outcome: 'tolerated' },
  {
    verb: 'resolve',
    by: ['hub', 'operator'],
    to: 'decided',
    via: ['auto_resolved'],
    amount: 'given',
  },
  { verb: 'expire', by: ['hub', 'operator'], to: 'expired', amount: 'stands' },
]
const GIVE_IN: Step = {
  verb: 'accept',
  by: ['cpo'],
  to: 'decided',
  partly: 'accepted_partial',
  via: ['accepted_full'],
  amount: 'given',
}
const DENY: Step = { verb: 'answer', by: ['cpo'], to: 'denied', amount: 'none', needsText: true }
const OFFER: Step = {
  verb: 'propose',
  by: ['cpo', 'emsp', 'operator', 'hub'],
  to: 'proposed',
  amount: 'offer',
}
const RULE: Step = {
  verb: 'rule',
  by: ['operator'],
  to: 'decided',
  via: ['ruled'],
  amount: 'ruled',
}
const UNDER_REVIEW: readonly Step[] = [
  GIVE_IN,
  DENY,
  OFFER,
  ...ALWAYS,
  {
    verb: 'uphold',
    by: ['hub'],
    to: 'decided',
    via: ['no_response', 'accepted_full'],
    amount: 'all',
  },
]
/** What is proven waits for its own deadline: the CPO may credit, the eMSP think better of it. */
function prove(to: OpenState): Step {
  const clock = { term: 'auto_uphold_days', from: 'opened', verb: 'resolve' } as const
  return { verb: 'prove', by: ['hub'], to, amount: 'none', clock }
}
/** The eMSP takes what the CPO said or says why not; the CPO may still give in. */
const ANSWERED: readonly Step[] = [
  GIVE_IN,
  { verb: 'accept', by: ['emsp'], to: 'decided', amount: 'stands' },
  {
    verb: 'rebut',
    by: ['emsp'],
    to: 'second_review',
    via: ['rebutted'],
    amount: 'none',
    needsText: true,
    newRound: true,
  },
  OFFER,
  ...ALWAYS,
  { verb: 'close', by: ['hub'], to: 'decided', amount: 'stands' },
]
const CONSUME: Step = { verb: 'consume', by: ['hub'], to: 'closed', amount: 'none' }
const GIVE_UP_WAITING: Step = { verb: 'close', by: ['hub'], to: 'closed', amount: 'none' }

function addReason(to: OpenState): Step {
  return { verb: 'contest', by: ['emsp'], to, amount: 'none', clock: 'keep' }
}

/**
 * The life of a dispute: for each state its clock with what happens by itself, and who may do what. What is not here is
 * not allowed. Three things of a step are decided in stepDispute, because they hold for all rows alike: an offer of the
 * hub needs both sides or the clock, nobody accepts or rejects its own offer, and rounds are limited.
 */
export const MACHINE: Readonly<
  Record<OpenState, { readonly clock: Clock; readonly steps: readonly Step[] }>
> = {
  draft: {
    clock: { term: 'hold_days', from: 'now', verb: 'open' },
    steps: [
      { verb: 'contest', by: ['emsp'], to: 'open', amount: 'none' },
      { verb: 'open', by: ['hub', 'operator'], to: 'open', amount: 'none' },
      GIVE_IN,
      DENY,
      { ...OFFER, by: ['cpo', 'operator', 'hub'] },
      ...ALWAYS,
      { verb: 'clear', by: ['hub'], to: 'withdrawn', amount: 'nothing', outcome: 'cleared' },
      prove('draft'),
    ],
  },
  open: {
    clock: { term: 'answer_days', from: 'now', verb: 'uphold' },
    steps: [
      addReason('open'),
      { verb: 'review', by: ['cpo'], to: 'in_review', amount: 'none' },
      ...UNDER_REVIEW,
    ],
  },
  in_review: {
    clock: { term: 'evidence_days', from: 'opened', verb: 'uphold' },
    steps: [addReason('in_review'), ...UNDER_REVIEW],
  },
  accepted_partial: {
    clock: { term: 'rebuttal_days', from: 'now', verb: 'close' },
    steps: [...ANSWERED, prove('accepted_partial')],
  },
  denied: {
    clock: { term: 'rebuttal_days', from: 'now', verb: 'close' },
    steps: [...ANSWERED, prove('denied')],
  },
  second_review: {
    clock: { term: 'answer_days', from: 'now', verb: 'uphold' },
    steps: [addReason('second_review'), ...UNDER_REVIEW],
  },
  proposed: {
    clock: { term: 'proposal_days', from: 'now', verb: 'accept' },
    steps: [
      {
        verb: 'accept',
        by: ['cpo', 'emsp', 'hub'],
        to: 'decided',
        via: ['accepted'],
        amount: 'table',
      },
      { verb: 'reject', by: ['cpo', 'emsp'], to: 'arbitration', amount: 'none' },
      { ...OFFER, newRound: true },
      ...ALWAYS,
      RULE,
    ],
  },
  arbitration: {
    clock: { term: 'arbitration_days', from: 'now', verb: 'rule' },
    steps: [
      { verb: 'accept', by: ['cpo'], to: 'decided', via: ['accepted_full'], amount: 'all' },
      {
        verb: 'propose',
        by: ['operator', 'hub'],
        to: 'arbitration',
        amount: 'offer',
        clock: 'keep',
      },
      ...ALWAYS,
      RULE,
      { ...RULE, by: ['hub'] },
    ],
  },
  await_credit: {
    clock: { term: 'credit_days', from: 'now', verb: 'close' },
    steps: [
      { verb: 'credit', by: ['hub'], to: 'await_replacement', amount: 'none' },
      CONSUME,
      GIVE_UP_WAITING,
    ],
  },
  await_replacement: {
    clock: { term: 'credit_days', from: 'now', verb: 'close' },
    steps: [CONSUME, GIVE_UP_WAITING],
  },
}

/** True while the dispute has no decision: what it is about is held, or still to be settled. */
export function isUndecided(state: string): state is UndecidedState {
  return UNDECIDED.some((each) => each === state)
}

/** True while a clock runs. */
export function isOpen(state: DisputeState): state is OpenState {
  return Object.hasOwn(MACHINE, state)
}

/** What a side can do with a dispute in this state, in the order of the table. */
export function verbsOf(state: DisputeState, side: Side): DisputeVerb[] {
  if (!isOpen(state)) return []
  const verbs = MACHINE[state].steps.flatMap(({ verb, by }) => (by.includes(side) ? [verb] : []))
  return [...new Set(verbs)]
}

/** The first clock of a dispute that begins in this state. */
export function firstClock(
  state: 'draft' | 'open',
  terms: DisputeTerms,
): { days: number; verb: DisputeVerb } {
  const { term, verb } = MACHINE[state].clock
  return { days: terms[term], verb }
}
