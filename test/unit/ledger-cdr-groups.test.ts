import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  approvedGroup,
  pendingGroup,
  reversalGroup,
  voidGroup,
} from '../../src/ledger/cdr-groups.ts'

const claim = {
  source: 'cdr:NL-TNM/abc',
  debtor: 'DE-EMA',
  creditor: 'NL-TNM',
  currency: 'EUR',
  netMicros: 20_170_000n,
  taxMicros: 3_830_000n,
  taxKnown: true,
}

test('a provisional claim is one pending group of net and tax', () => {
  assert.equal(pendingGroup({ claim, book: 'provisional', epoch: 1, resolves: null }), {
    id: 'cdr:NL-TNM/abc:provisional:1',
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
})

test('approval posts on due in its cycle and voids both pending legs in the same group', () => {
  const group = approvedGroup({
    claim,
    cycleId: 'EUR-000001',
    epoch: 3,
    resolves: { book: 'held', epoch: 2 },
  })
  assert.is(group.id, 'cdr:NL-TNM/abc:approved:3')
  assert.is(group.cycleId, 'EUR-000001')
  assert.equal(
    group.transfers.map(({ kind, debit, credit, pendingId }) => [kind, debit, credit, pendingId]),
    [
      ['posted', 'obl:DE-EMA>NL-TNM:due', 'pos:NL-TNM:EUR-000001', null],
      ['posted', 'obl:DE-EMA>NL-TNM:due', 'pos:NL-TNM:EUR-000001', null],
      ['void', 'obl:DE-EMA>NL-TNM:disp', 'pos:NL-TNM', 'cdr:NL-TNM/abc:held:2#1'],
      ['void', 'obl:DE-EMA>NL-TNM:disp', 'pos:NL-TNM', 'cdr:NL-TNM/abc:held:2#2'],
    ],
  )
})

test('a move to held opens on disp and releases what was provisional', () => {
  const { transfers } = pendingGroup({
    claim,
    book: 'held',
    epoch: 2,
    resolves: { book: 'provisional', epoch: 1 },
  })
  assert.equal(
    transfers.map(({ kind, debit }) => [kind, debit]),
    [
      ['pending', 'obl:DE-EMA>NL-TNM:disp'],
      ['pending', 'obl:DE-EMA>NL-TNM:disp'],
      ['void', 'obl:DE-EMA>NL-TNM:prov'],
      ['void', 'obl:DE-EMA>NL-TNM:prov'],
    ],
  )
})

test('a negative claim swaps debit and credit and its amounts stay positive', () => {
  const group = reversalGroup({
    claim,
    source: 'cdr:NL-TNM/abc-C',
    cycleId: 'EUR-000002',
    epoch: 1,
  })
  assert.is(group.id, 'cdr:NL-TNM/abc-C:approved:1')
  assert.equal(
    group.transfers.map(({ debit, credit, amountMicros }) => [debit, credit, amountMicros]),
    [
      ['pos:NL-TNM:EUR-000002', 'obl:DE-EMA>NL-TNM:due', 20_170_000n],
      ['pos:NL-TNM:EUR-000002', 'obl:DE-EMA>NL-TNM:due', 3_830_000n],
    ],
  )
})

test('unknown tax is booked as zero and marked', () => {
  const { transfers } = pendingGroup({
    claim: { ...claim, taxKnown: false, taxMicros: 5n },
    book: 'provisional',
    epoch: 1,
    resolves: null,
  })
  assert.is(transfers[1]?.code, 'tax_unknown')
  assert.is(transfers[1]?.amountMicros, 0n)
})

test('a void releases both legs and opens nothing', () => {
  const group = voidGroup({ claim, epoch: 4, resolves: { book: 'provisional', epoch: 1 } })
  assert.is(group.id, 'cdr:NL-TNM/abc:void:4')
  assert.equal(
    group.transfers.map(({ kind }) => kind),
    ['void', 'void'],
  )
})

test.run()
