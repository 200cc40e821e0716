// Disputes under any sequence of verbs by anybody: always a clock, never more than was disputed, always an end.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NOTHING } from '../../src/clearing/disputes/amounts.ts'
import type { DisputeVerb, OpenState, Side } from '../../src/clearing/disputes/machine.ts'
import { isOpen, MACHINE } from '../../src/clearing/disputes/machine.ts'
import { assertSound, follow, standAt, step, terms } from '../helpers/dispute-machine.ts'
import type { Running, Said } from '../helpers/dispute-machine.ts'
import { seed, size } from '../helpers/seed.ts'

const SIDES: Side[] = ['cpo', 'emsp', 'hub', 'operator']
const VERBS = [
  ...new Set(Object.values(MACHINE).flatMap(({ steps }) => steps.map(({ verb }) => verb))),
]
/** By its clock alone a dispute has as many states before it as there are. */
const endsWithin = 12

const micros = fc.bigInt({ min: 0n, max: 50_000_000n })
const said: fc.Arbitrary<Said> = fc.record(
  {
    verb: fc.constantFrom<DisputeVerb>(...VERBS),
    side: fc.constantFrom(...SIDES),
    amount: fc.record({ net: micros, tax: fc.option(micros) }),
    verdict: fc.option(fc.record({ net: micros, tax: micros })),
    text: fc.constantFrom('because', ''),
  },
  { requiredKeys: ['verb', 'side'] },
)

function begin(state: 'draft' | 'open', amount: { net: bigint; tax: bigint }): Running {
  const { term, verb } = MACHINE[state].clock
  return { stand: standAt(state, { amount, upheld: NOTHING }), clock: { days: terms[term], verb } }
}

test('any history: a clock while it is open, no more upheld than disputed, closed is final', () => {
  const story = fc.record({
    state: fc.constantFrom('draft' as const, 'open' as const),
    amount: fc.record({ net: fc.bigInt({ min: 1n, max: 50_000_000n }), tax: micros }),
    acts: fc.array(said, { maxLength: 40 }),
  })
  const law = fc.property(story, ({ state, amount, acts }) => {
    let now = begin(state, amount)
    let decided = 0
    for (const act of acts) {
      const result = step(now.stand, act)
      if (!isOpen(now.stand.state)) assert.not(result.ok, 'what is closed stays closed')
      if (!result.ok) {
        assert.match(result.message, /^[A-Z0-9].*[.]$/s)
        continue
      }
      const { next } = result
      assert.ok(next.upheld.net >= now.stand.upheld.net || next.outcome !== null, 'a floor')
      if (next.decided) {
        decided += 1
        assert.equal(next.decided.upheld.net + next.decided.rest.net, amount.net)
        assert.equal(next.decided.upheld.tax + next.decided.rest.tax, amount.tax)
        assert.ok(next.decided.rest.net >= 0n && next.decided.rest.tax >= 0n)
      }
      now = follow(now, next)
      assertSound(now, next.outcome)
    }
    assert.ok(decided <= 1, 'decided once')
    assertEndsByItself(now)
  })
  fc.assert(law, { seed: seed(), numRuns: size(3_000) })
})

function assertEndsByItself(from: Running): void {
  let now = from
  for (let turn = 0; isOpen(now.stand.state); turn += 1) {
    assert.ok(turn < endsWithin, `still ${now.stand.state}`)
    const verb = now.clock?.verb ?? 'close'
    // What is proven, or not any more: the hub resolves with an amount or opens.
    const amount = verb === 'resolve' ? { amount: { ...now.stand.amount } } : {}
    const result = step({ ...now.stand, isOverdue: true }, { verb, side: 'hub', ...amount })
    if (!result.ok) throw new Error(`${now.stand.state} ${verb}: ${result.message}`)
    now = follow(now, result.next)
    assertSound(now, result.next.outcome)
  }
}

test('every state of the table is reached', () => {
  const reached = new Set<string>(['draft', 'open'])
  let front: OpenState[] = ['draft', 'open']
  while (front.length > 0) {
    const targets = front.flatMap((state) =>
      MACHINE[state].steps.flatMap(({ to, partly }) => [
        to === 'decided' ? ('await_credit' as const) : to,
        ...(partly ? [partly] : []),
      ]),
    )
    front = [...new Set(targets)].filter(isOpen).filter((state) => !reached.has(state))
    for (const state of front) reached.add(state)
  }
  assert.equal([...reached].filter((state) => state in MACHINE).length, Object.keys(MACHINE).length)
})

test.run()
