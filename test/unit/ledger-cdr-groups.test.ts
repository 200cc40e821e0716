import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rebook } from '../../src/ledger/cdr-groups.ts'
import type { PartBooking } from '../../src/ledger/cdr-groups.ts'

const money = {
  source: 'cdr:NL-TNM/abc',
  debtor: 'DE-EMA',
  creditor: 'NL-TNM',
  currency: 'EUR',
}
const claim: PartBooking = {
  part: 0,
  book: 'provisional',
  netMicros: 20_170_000n,
  taxMicros: 3_830_000n,
  taxKnown: true,
  cycleId: null,
  leg: null,
}
const opened = { ...claim, leg: 'cdr:NL-TNM/abc:epoch:1#1' }
const due: PartBooking = { ...claim, book: 'due', cycleId: 'EUR-000001' }
const disputed: PartBooking = {
  ...claim,
  part: 1,
  book: 'held',
  netMicros: 5_000_000n,
  taxMicros: 950_000n,
}
const rest: PartBooking = { ...claim, netMicros: 15_170_000n, taxMicros: 2_880_000n }

const legs = (change: { from: PartBooking[]; to: PartBooking[]; epoch?: number }) =>
  rebook({ money, epoch: 2, ...change }).group?.transfers.map(
    ({ kind, debit, credit, amountMicros, pendingId }) => [
      kind,
      debit,
      credit,
      amountMicros,
      pendingId,
    ],
  )

test('a provisional claim is one pending group of net and tax', () => {
  const { group, bookings } = rebook({ money, epoch: 1, from: [], to: [claim] })
  assert.equal(group, {
    id: 'cdr:NL-TNM/abc:epoch:1',
    source: 'cdr:NL-TNM/abc',
    currency: 'EUR',
    cycleId: null,
    transfers: [
      {
        kind: 'pending',
        code: 'net',
        debit: 'obl:DE-EMA>NL-TNM:prov',
        credit: 'pos:NL-TNM',
        amountMicros: 20_170_000n,
        pendingId: null,
      },
      {
        kind: 'pending',
        code: 'tax',
        debit: 'obl:DE-EMA>NL-TNM:prov',
        credit: 'pos:NL-TNM',
        amountMicros: 3_830_000n,
        pendingId: null,
      },
    ],
  })
  assert.equal(bookings, [opened])
})

test('approval posts on due in its cycle and voids both pending legs in the same group', () => {
  const { group } = rebook({ money, epoch: 3, from: [opened], to: [due] })
  assert.is(group?.id, 'cdr:NL-TNM/abc:epoch:3')
  assert.is(group?.cycleId, 'EUR-000001')
  const [prov, pos] = ['obl:DE-EMA>NL-TNM:prov', 'pos:NL-TNM']
  const [owed, position] = ['obl:DE-EMA>NL-TNM:due', 'pos:NL-TNM:EUR-000001']
  assert.equal(legs({ from: [opened], to: [due] }), [
    ['posted', owed, position, 20_170_000n, null],
    ['posted', owed, position, 3_830_000n, null],
    ['void', prov, pos, 20_170_000n, 'cdr:NL-TNM/abc:epoch:1#1'],
    ['void', prov, pos, 3_830_000n, 'cdr:NL-TNM/abc:epoch:1#2'],
  ])
})

test('a part that is disputed leaves the provisional claim, and both stand on legs of one group', () => {
  const { group, bookings } = rebook({ money, epoch: 2, from: [opened], to: [rest, disputed] })
  assert.equal(
    group?.transfers.map(({ kind, debit, amountMicros }) => [kind, debit, amountMicros]),
    [
      ['pending', 'obl:DE-EMA>NL-TNM:prov', 15_170_000n],
      ['pending', 'obl:DE-EMA>NL-TNM:prov', 2_880_000n],
      ['pending', 'obl:DE-EMA>NL-TNM:disp', 5_000_000n],
      ['pending', 'obl:DE-EMA>NL-TNM:disp', 950_000n],
      ['void', 'obl:DE-EMA>NL-TNM:prov', 20_170_000n],
      ['void', 'obl:DE-EMA>NL-TNM:prov', 3_830_000n],
    ],
  )
  assert.equal(
    bookings.map(({ leg }) => leg),
    ['cdr:NL-TNM/abc:epoch:2#1', 'cdr:NL-TNM/abc:epoch:2#3'],
  )
  // Later only the part ends: its own legs are given back, the rest is not touched.
  const held = bookings.filter(({ part }) => part === 1)
  const kept = bookings.filter(({ part }) => part === 0)
  const end = rebook({ money, epoch: 3, from: bookings, to: kept })
  assert.equal(
    end.group?.transfers.map(({ kind, pendingId }) => [kind, pendingId]),
    [
      ['void', 'cdr:NL-TNM/abc:epoch:2#3'],
      ['void', 'cdr:NL-TNM/abc:epoch:2#4'],
    ],
  )
  assert.equal(end.bookings, kept)
  assert.is(rebook({ money, epoch: 3, from: held, to: held }).group, null)
})

test('what is disputed after the approval goes back from what is due, in the same cycle', () => {
  const less = { ...due, netMicros: 15_170_000n, taxMicros: 2_880_000n }
  const [owed, position] = ['obl:DE-EMA>NL-TNM:due', 'pos:NL-TNM:EUR-000001']
  assert.equal(legs({ from: [due], to: [less, disputed] }), [
    ['pending', 'obl:DE-EMA>NL-TNM:disp', 'pos:NL-TNM', 5_000_000n, null],
    ['pending', 'obl:DE-EMA>NL-TNM:disp', 'pos:NL-TNM', 950_000n, null],
    ['posted', position, owed, 5_000_000n, null],
    ['posted', position, owed, 950_000n, null],
  ])
})

test('a negative claim swaps debit and credit and its amounts stay positive', () => {
  const credit = { ...due, netMicros: -20_170_000n, taxMicros: -3_830_000n, cycleId: 'EUR-000002' }
  assert.equal(legs({ from: [], to: [credit] }), [
    ['posted', 'pos:NL-TNM:EUR-000002', 'obl:DE-EMA>NL-TNM:due', 20_170_000n, null],
    ['posted', 'pos:NL-TNM:EUR-000002', 'obl:DE-EMA>NL-TNM:due', 3_830_000n, null],
  ])
})

test('parts that are due in several cycles are one group without a cycle', () => {
  const other = { ...due, part: 1, cycleId: 'EUR-000002' }
  assert.is(rebook({ money, epoch: 2, from: [], to: [due, other] }).group?.cycleId, null)
})

test('unknown tax is booked as zero and marked', () => {
  const to = [{ ...claim, taxKnown: false, taxMicros: 5n }]
  const { group } = rebook({ money, epoch: 1, from: [], to })
  assert.is(group?.transfers[1]?.code, 'tax_unknown')
  assert.is(group?.transfers[1]?.amountMicros, 0n)
})

test('what is wanted nowhere is voided, and nothing is opened', () => {
  const { group, bookings } = rebook({ money, epoch: 4, from: [opened], to: [] })
  assert.is(group?.id, 'cdr:NL-TNM/abc:epoch:4')
  assert.equal(
    group?.transfers.map(({ kind }) => kind),
    ['void', 'void'],
  )
  assert.equal(bookings, [])
})

test.run()
