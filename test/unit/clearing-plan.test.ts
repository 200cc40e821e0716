import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultTerms } from '../../src/hub/agreement-terms.ts'
import type { Judged } from '../../src/hub/cdrs/clear-decide.ts'
import type { CdrRow } from '../../src/hub/cdrs/clear-facts.ts'
import { planCredit, planTransition } from '../../src/hub/cdrs/clear-plan.ts'

const plan = suite('clearing plan of a credit')

const now = new Date('2026-03-02T12:06:00Z')

const original: CdrRow = {
  id: 1n,
  owner: 'NL-TNM',
  cdr_key: 'a',
  ocpi_version: '2.2.1',
  cdr_id: 'A',
  receiver: 'DE-EMA',
  value: {},
  text_211: null,
  session_key: 's',
  token_key: 't',
  location_key: null,
  is_credit: false,
  original_key: null,
  started_at: now,
  ended_at: now,
  currency: 'EUR',
  received_at: now,
  correlation_id: 'x',
  doubts: [],
  state: 'approved',
  epoch: 2,
  cycle_id: 'EUR-1',
  net_micros: 3_000_000n,
  tax_micros: 600_000n,
  tax_known: true,
  residue: null,
  booked: { book: 'due', epoch: 2, cycleId: 'EUR-1' },
  delivery: 'delivered',
  agreement_version: 0,
}

const credit: CdrRow = {
  ...original,
  id: 2n,
  cdr_key: 'c',
  cdr_id: 'C',
  is_credit: true,
  original_key: 'a',
  state: 'received',
  epoch: 0,
  cycle_id: null,
  net_micros: null,
  tax_micros: null,
  tax_known: false,
  booked: null,
}

/** The same credit held before, with its claim pending. */
const held: CdrRow = {
  ...credit,
  state: 'held',
  epoch: 1,
  cycle_id: 'EUR-2',
  net_micros: -3_000_000n,
  tax_micros: -600_000n,
  tax_known: true,
  booked: { book: 'held', epoch: 1, cycleId: null },
}

function judged(
  row: CdrRow,
  more: { verdict: 'hold' | 'clear'; net: string; of?: CdrRow },
): Judged {
  const amounts = { currency: 'EUR', net: more.net, tax: '-0.6' }
  const judgement = { verdict: more.verdict, missing: [], code: null, findings: [], amounts }
  const agreed = { version: 0, terms: defaultTerms }
  const nothing = { priced: null, pricing: null }
  return { row, agreed, judgement, ...nothing, waitUntil: now, original: more.of ?? original }
}

plan('the line of a credit is what was booked: the exact opposite of its approved original', () => {
  const one = judged(credit, { verdict: 'clear', net: '-1' })
  const [, own] = planCredit(one, { openCycle: 'EUR-2' })
  assert.equal([own.netMicros, own.taxMicros, own.taxKnown], [-3_000_000n, -600_000n, true])
  assert.equal(
    own.group?.transfers.map(({ amountMicros }) => amountMicros),
    [3_000_000n, 600_000n],
  )
})

plan('a credit that waits for too long is held with its negative claim pending', () => {
  const one = judged(credit, { verdict: 'hold', net: '-3' })
  const held = planTransition(one, { now, openCycle: 'EUR-2' })
  assert.equal([held?.state, held?.booked?.book, held?.netMicros], ['held', 'held', -3_000_000n])
  const [net] = held?.group?.transfers ?? []
  assert.equal(
    [net?.debit, net?.credit, net?.amountMicros],
    ['pos:NL-TNM', 'obl:DE-EMA>NL-TNM:disp', 3_000_000n],
  )
})

for (const state of ['approved', 'withdrawn'] as const) {
  plan(`a held credit of an original that is ${state} gives its own pending claim back`, () => {
    const of = state === 'approved' ? original : { ...original, state, booked: null }
    const one = judged(held, { verdict: 'clear', net: '-3', of })
    const [, own] = planCredit(one, { openCycle: 'EUR-2' })
    const voids = own.group?.transfers.filter(({ kind }) => kind === 'void') ?? []
    assert.equal(
      voids.map(({ pendingId }) => pendingId),
      ['cdr:NL-TNM/c:held:1#1', 'cdr:NL-TNM/c:held:1#2'],
    )
  })
}

plan.run()
