import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bilateral, multilateral } from '../../src/settlement/netting.ts'
import type { Obligation } from '../../src/settlement/netting.ts'
import { seed, size } from '../helpers/seed.ts'

const party = fc.constantFrom('BE-AAA', 'DE-EMA', 'FR-XYZ', 'NL-TNM', 'SE-VAT', 'UK-ZZZ')
const obligations = fc.array(
  fc.record({
    debtor: party,
    creditor: party,
    micros: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
  }),
  { maxLength: 60 },
)
const runs = { seed: seed(), numRuns: size(300) }

/** Positions without the parties that are even: bilateral netting forgets who has nothing to pay. */
function uneven(given: readonly Obligation[]): { party: string; micros: bigint }[] {
  return multilateral(given).filter(({ micros }) => micros !== 0n)
}

test('net positions add up to zero', () => {
  fc.assert(
    fc.property(obligations, (given) => {
      assert.is(
        multilateral(given).reduce((sum, { micros }) => sum + micros, 0n),
        0n,
      )
    }),
    runs,
  )
})

test('bilateral nets add up to the multilateral ones', () => {
  fc.assert(
    fc.property(obligations, (given) => {
      assert.equal(uneven(bilateral(given)), uneven(given))
    }),
    runs,
  )
})

test('bilateral netting leaves at most one positive obligation per pair', () => {
  fc.assert(
    fc.property(obligations, (given) => {
      const nets = bilateral(given)
      assert.ok(nets.every(({ debtor, creditor, micros }) => micros > 0n && debtor !== creditor))
      const pairs = nets.map(({ debtor, creditor }) => [debtor, creditor].sort().join('>'))
      assert.is(new Set(pairs).size, pairs.length)
    }),
    runs,
  )
})

test('netting does not depend on the order of obligations, and netting again changes nothing', () => {
  fc.assert(
    fc.property(obligations, (given) => {
      const turned = [...given].reverse()
      assert.equal(bilateral(turned), bilateral(given))
      assert.equal(multilateral(turned), multilateral(given))
      assert.equal(bilateral(bilateral(given)), bilateral(given))
    }),
    runs,
  )
})

test('a credit of the same amount undoes an obligation', () => {
  fc.assert(
    fc.property(obligations, (given) => {
      const credits = given.map((obligation) => ({ ...obligation, micros: -obligation.micros }))
      assert.equal(bilateral([...given, ...credits]), [])
      assert.equal(uneven([...given, ...credits]), [])
    }),
    runs,
  )
})

test.run()
