import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CdrEvent, CdrState } from '../../src/clearing/states.ts'
import { nextState } from '../../src/clearing/states.ts'

const states = suite('clearing states')

const all: CdrState[] = [
  'received',
  'unmatched',
  'quarantined',
  'held',
  'provisional',
  'approved',
  'credited',
  'withdrawn',
]
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
]

/** What each state allows: the rest of the 72 pairs is refused. */
const allowed: Record<CdrState, Partial<Record<CdrEvent, CdrState>>> = {
  received: { wait: 'unmatched', quarantine: 'quarantined', hold: 'held', clear: 'provisional' },
  unmatched: {
    wait: 'unmatched',
    quarantine: 'quarantined',
    hold: 'held',
    clear: 'provisional',
    recheck: 'unmatched',
  },
  quarantined: {
    wait: 'unmatched',
    quarantine: 'quarantined',
    hold: 'held',
    clear: 'provisional',
    recheck: 'quarantined',
    return: 'withdrawn',
    credit: 'credited',
  },
  held: {
    wait: 'held',
    quarantine: 'quarantined',
    hold: 'held',
    clear: 'provisional',
    recheck: 'held',
    release: 'provisional',
    return: 'withdrawn',
    credit: 'credited',
  },
  provisional: { approve: 'approved', credit: 'credited' },
  approved: { approve: 'approved', credit: 'credited' },
  credited: {},
  withdrawn: { return: 'withdrawn', credit: 'credited' },
}

for (const state of all) {
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
  assert.equal(nextState('held', 'approve'), {
    ok: false,
    message:
      "'approve' is not possible for a CDR that is held; possible now: recheck, release, return.",
  })
  assert.equal(nextState('credited', 'approve'), {
    ok: false,
    message: "'approve' is not possible for a CDR that is credited; nothing can be done with it.",
  })
})

states('a held credit is returned or rechecked, never released', () => {
  const credit = { isCredit: true }
  assert.equal(nextState('held', 'release', credit), {
    ok: false,
    message:
      "'release' is not possible for a credit CDR that is held; possible now: recheck, return.",
  })
  assert.equal(nextState('held', 'return', credit), { ok: true, state: 'withdrawn' })
})

states.run()
