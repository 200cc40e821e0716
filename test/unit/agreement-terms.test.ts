import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultTerms, inForce } from '../../src/hub/agreement-terms.ts'
import type { AgreementVersion } from '../../src/hub/agreement-terms.ts'

const terms = suite('which agreement is in force')

const day = (date: string): Date => new Date(`${date}T00:00:00Z`)

function version(number: number, more: Partial<AgreementVersion<typeof defaultTerms>> = {}) {
  const made = {
    version: number,
    terms: defaultTerms,
    validFrom: null,
    validTo: null,
    ended: false,
  }
  return { ...made, createdAt: day(`2026-01-0${number}`), ...more }
}

terms('without versions nothing is agreed', () => {
  assert.is(inForce([], day('2026-01-01')), null)
})

terms(
  'the highest version whose window contains the time counts, whatever the order of the list',
  () => {
    const versions = [
      version(1),
      version(2, { validFrom: day('2026-02-01'), validTo: day('2026-03-01') }),
    ]
    for (const list of [versions, versions.toReversed()]) {
      assert.is(inForce(list, day('2026-01-31'))?.version, 1)
      assert.is(inForce(list, day('2026-02-01'))?.version, 2)
      assert.is(inForce(list, day('2026-03-01'))?.version, 1)
    }
  },
)

terms('an ended version ends what was agreed from its creation on, and not before', () => {
  const versions = [version(1), version(2, { ended: true, createdAt: day('2026-02-01') })]
  assert.is(inForce(versions, day('2026-01-31'))?.version, 1)
  assert.is(inForce(versions, day('2026-02-01')), null)
  const again = [...versions, version(3, { validFrom: day('2026-04-01') })]
  assert.is(inForce(again, day('2026-03-01')), null)
  assert.is(inForce(again, day('2026-04-01'))?.version, 3)
})

terms('a later version without a start counts from its creation on, and not before', () => {
  const versions = [version(1), version(2)]
  assert.is(inForce(versions, day('2020-01-01'))?.version, 1)
  assert.is(inForce(versions, day('2026-01-01'))?.version, 1)
  assert.is(inForce(versions, day('2026-01-02'))?.version, 2)
})

terms('a version may be agreed for the past by saying so', () => {
  const versions = [version(1), version(2, { validFrom: day('2025-06-01') })]
  assert.is(inForce(versions, day('2025-06-01'))?.version, 2)
})

terms.run()
