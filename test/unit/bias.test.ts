import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import fc from 'fast-check'
import { NO_RUN, addDelta, isBias } from '../../src/clearing/bias.ts'
import type { BiasRun } from '../../src/clearing/bias.ts'
import { seed } from '../helpers/seed.ts'

const test = suite('small differences of one sign')
const EURO = 1_000_000n
const material = 5n * EURO

/** How many CDRs it takes until a bias is seen; null: it is not. */
function seenAfter(deltas: Iterable<{ delta: bigint; amount: bigint }>): number | null {
  let run: BiasRun = NO_RUN
  let count = 0
  for (const one of deltas) {
    count += 1
    run = addDelta(run, one)
    if (isBias(run, material)) return count
  }
  return null
}

function* repeated(count: number, of: (index: number) => { delta: bigint; amount: bigint }) {
  for (let index = 0; index < count; index += 1) yield of(index)
}

/** The same numbers for the same seed. */
function dice(from: number): () => number {
  let state = from >>> 0 || 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

test('always 0.4 % more is seen as soon as it is money', () => {
  const tenEuros = { delta: 40_000n, amount: 10n * EURO }
  assert.is(seenAfter(repeated(1_000, () => tenEuros)), 125)
  assert.is(seenAfter(repeated(124, () => tenEuros)), null)
})

test('without exception it takes no more than two dozen, whatever the amounts are', () => {
  const sixty = { delta: 240_000n, amount: 60n * EURO }
  assert.is(seenAfter(repeated(1_000, () => sixty)), 24)
  const skewed = (index: number) => {
    const amount = BigInt(1 + ((index * index * 7) % 60)) * EURO
    return { delta: (amount * 4n) / 1_000n, amount }
  }
  assert.ok((seenAfter(repeated(1_000, skewed)) ?? 1_000) < 60)
  // One that is as it should be, and it is no rule without exception.
  const mixed = (index: number) => (index === 5 ? { ...sixty, delta: 0n } : sixty)
  assert.ok((seenAfter(repeated(1_000, mixed)) ?? 0) > 50)
})

test('also beneath noise that is larger than it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (from) => {
      const next = dice(from)
      const seen = seenAfter(
        repeated(5_000, () => ({
          delta: 40_000n + BigInt(Math.round((next() - 0.5) * 100_000)),
          amount: 10n * EURO,
        })),
      )
      assert.ok(seen !== null && seen < 1_000, String(seen))
    }),
    { seed: seed(), numRuns: 30 },
  )
})

test('noise without bias never, however many CDRs', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 31 }),
      fc.integer({ min: 1, max: 100 }),
      (from, euros) => {
        const next = dice(from)
        const amount = BigInt(euros) * EURO
        const seen = seenAfter(
          repeated(30_000, () => ({
            delta: (amount * BigInt(Math.round((next() - 0.5) * 1_000))) / 100_000n,
            amount,
          })),
        )
        assert.is(seen, null)
      },
    ),
    { seed: seed(), numRuns: 20 },
  )
})

test('too little is no claim', () => {
  assert.is(seenAfter(repeated(10_000, () => ({ delta: -40_000n, amount: 10n * EURO }))), null)
})

test.run()
