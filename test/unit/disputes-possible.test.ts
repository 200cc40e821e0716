// What a side is told that it can do is what is not refused, however the dispute stands.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DisputeVerb, OpenState, Side } from '../../src/clearing/disputes/machine.ts'
import { isOpen, MACHINE } from '../../src/clearing/disputes/machine.ts'
import { possibleVerbs } from '../../src/clearing/disputes/possible.ts'
import type { DisputeStand } from '../../src/clearing/disputes/stand.ts'
import { standAt, step, terms, units } from '../helpers/dispute-machine.ts'

const SIDES: readonly Side[] = ['cpo', 'emsp', 'operator']
const VERBS: readonly DisputeVerb[] = [
  ...new Set(Object.values(MACHINE).flatMap(({ steps }) => steps.map(({ verb }) => verb))),
]

/** In each state: nothing on the table or an offer of each, before and in the last round, in time and too late. */
function* stands(): Generator<DisputeStand> {
  for (const state of Object.keys(MACHINE))
    for (const by of [null, 'cpo', 'emsp', 'hub', 'operator'] as const)
      for (const round of [1, terms.rounds])
        for (const isOverdue of [false, true]) {
          const proposed = by === null ? null : { amount: units(2), by }
          if (isState(state)) yield standAt(state, { proposed, round, isOverdue, upheld: units(1) })
        }
}

function isState(state: string): state is OpenState {
  return Object.keys(MACHINE).some((each) => each === state)
}

/** Whether it is taken, whatever has to be said with it. */
function isTaken(stand: DisputeStand, { verb, side }: { verb: DisputeVerb; side: Side }): boolean {
  const amount = { net: units(3).net, tax: null }
  return [{}, { amount }].some((said) => step(stand, { verb, side, ...said }).ok)
}

test('possible is what is taken, and nothing else', () => {
  for (const stand of stands())
    for (const side of SIDES) {
      const isLastRound = stand.round >= terms.rounds
      const possible = possibleVerbs(stand, { side, isLastRound })
      const taken = VERBS.filter((verb) => isTaken(stand, { verb, side }))
      const { state, proposed, round } = stand
      assert.equal(
        possible.toSorted(),
        taken.toSorted(),
        `${state}, ${side}, offer of ${proposed?.by ?? 'nobody'}, round ${round}`,
      )
    }
})

test('who has accepted the offer of the hub has nothing more to accept', () => {
  const stand = standAt('proposed', {
    proposed: { amount: units(2), by: 'hub' },
    acceptedBy: 'cpo',
  })
  const of = (side: Side) => possibleVerbs(stand, { side, isLastRound: false })
  assert.equal(of('cpo'), ['reject', 'propose'])
  assert.equal(of('emsp'), ['accept', 'reject', 'propose', 'withdraw'])
})

test('nothing is possible once it is closed', () => {
  const stand = standAt('closed')
  assert.is(isOpen(stand.state), false)
  for (const side of SIDES) assert.equal(possibleVerbs(stand, { side, isLastRound: false }), [])
})

test.run()
