import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CdrEvent, CdrState } from '../../src/clearing/states.ts'
import { CDR_STATES, nextState, restingState } from '../../src/clearing/states.ts'

const states = suite('clearing states')

const events: CdrEvent[] = [
  'wait',
  'quarantine',
  'hold',
  'clear',
  'approve',
  'recheck',
  'release',
  'return',
  'credit',
  'drop',
  'contest',
  'net',
  'settle',
]

const judged = { quarantine: 'quarantined', hold: 'held', clear: 'provisional' } as const
const booked = { credit: 'credited', contest: 'contested' } as const

/** What each state allows: the rest of the 182 pairs is refused. */
const allowed: Record<CdrState, Partial<Record<CdrEvent, CdrState>>> = {
  received: { ...judged, wait: 'unmatched' },
  unmatched: { ...judged, wait: 'unmatched', recheck: 'unmatched' },
  orphan_credit: { ...judged, wait: 'orphan_credit', recheck: 'orphan_credit' },
  quarantined: {
    ...judged,
    wait: 'unmatched',
    recheck: 'quarantined',
    return: 'withdrawn',
    credit: 'credited',
    drop: 'dropped',
  },
  dropped: { credit: 'credited' },
  held: {
    ...judged,
    ...booked,
    wait: 'unmatched',
    recheck: 'held',
    approve: 'approved',
    release: 'provisional',
    return: 'withdrawn',
  },
  provisional: { ...booked, hold: 'held', approve: 'approved' },
  contested: { ...booked, return: 'withdrawn' },
  approved: { ...booked, approve: 'approved', net: 'netted' },
  allocated: { ...booked, approve: 'allocated', net: 'netted' },
  netted: { ...booked, approve: 'netted', settle: 'settled' },
  settled: { ...booked, approve: 'settled' },
  credited: {},
  withdrawn: { return: 'withdrawn', credit: 'credited' },
}

for (const state of CDR_STATES) {
  states(`a ${state} CDR moves only as the table says`, () => {
    for (const event of events) {
      const next = nextState(state, event)
      const expected = allowed[state][event]
      if (expected !== undefined) assert.equal(next, { ok: true, state: expected })
      else assert.is(next.ok, false, `${state} ${event}`)
    }
  })
}

states('a refusal says what can be done instead', () => {
  assert.equal(nextState('unmatched', 'approve'), {
    ok: false,
    message: "'approve' is not possible for a CDR that is unmatched; possible now: recheck.",
  })
  assert.equal(nextState('contested', 'approve'), {
    ok: false,
    message:
      "'approve' is not possible for a CDR that is contested; what its dispute is about is decided there: accept an answer or withdraw the dispute.",
  })
  assert.equal(nextState('credited', 'approve'), {
    ok: false,
    message: "'approve' is not possible for a CDR that is credited; nothing can be done with it.",
  })
})

states('a booked CDR rests where its disputes say, then its money', () => {
  const calm = { drafts: 0, undecided: 0, book: 'due', isGone: false, isNetted: false } as const
  assert.is(restingState({ ...calm, drafts: 1, undecided: 1 }), 'held')
  assert.is(restingState({ ...calm, undecided: 1, isGone: true }), 'contested')
  assert.is(restingState({ ...calm, isGone: true }), 'withdrawn')
  assert.is(restingState({ ...calm, book: 'provisional' }), 'provisional')
  assert.is(restingState(calm), 'approved')
  assert.is(restingState({ ...calm, isNetted: true }), 'netted')
})

states('a credit that waits is an orphan', () => {
  assert.equal(nextState('received', 'wait', { isCredit: true }), {
    ok: true,
    state: 'orphan_credit',
  })
})

states('a held credit is returned or rechecked, never released, approved or contested', () => {
  const credit = { isCredit: true }
  assert.equal(nextState('held', 'release', credit), {
    ok: false,
    message:
      "'release' is not possible for a credit CDR that is held; possible now: recheck, return.",
  })
  assert.not(nextState('held', 'approve', credit).ok)
  assert.not(nextState('held', 'contest', credit).ok)
  assert.equal(nextState('held', 'return', credit), { ok: true, state: 'withdrawn' })
})

states.run()
