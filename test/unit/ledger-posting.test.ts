import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pendingGroup, voidGroup } from '../helpers/claim-groups.ts'
import type { GroupStatus, Transfer } from '../../src/ledger/groups.ts'
import { listAccounts, listTransfers } from '../../src/ledger/read.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { testDatabase } from '../helpers/database.ts'
import type { TestDatabase } from '../helpers/database.ts'
import { approved, claim, group, post, provisional, totals } from '../helpers/postings.ts'

const test = suite<{ database: TestDatabase }>('ledger posting')
test.before.each(async (context) => {
  context.database = await testDatabase()
})
test.after.each(async ({ database }) => {
  const verified = await verifyLedger(database.db)
  await database.drop()
  assert.equal(verified, { ok: true, differences: [], breaches: [] })
})

test('a provisional claim is pending on both sides', async ({ database }) => {
  assert.equal(await post(database, provisional), ['created'])
  assert.equal(await totals(database), {
    'obl:DE-EMA>NL-TNM:prov': ['24.00', '0.00', '0.00', '0.00'],
    'pos:NL-TNM': ['0.00', '0.00', '24.00', '0.00'],
  })
})

test('approval moves a pending claim to due, also within one call', async ({ database }) => {
  assert.equal(await post(database, provisional, approved), ['created', 'created'])
  assert.equal(await totals(database), {
    'obl:DE-EMA>NL-TNM:due': ['0.00', '24.00', '0.00', '0.00'],
    'obl:DE-EMA>NL-TNM:prov': ['0.00', '0.00', '0.00', '0.00'],
    'pos:NL-TNM': ['0.00', '0.00', '0.00', '0.00'],
    'pos:NL-TNM:EUR-000001': ['0.00', '0.00', '0.00', '24.00'],
  })
})

test('a replay writes nothing and says so, also when mixed with new groups', async ({
  database,
}) => {
  await post(database, provisional)
  const before = await totals(database)
  assert.equal(await post(database, provisional), ['exists'])
  assert.equal(await totals(database), before)
  assert.equal(await post(database, provisional, approved), ['exists', 'created'])
  assert.equal(await post(database, approved, provisional), ['exists', 'exists'])
  assert.equal(await post(database, approved, approved), ['exists', 'exists'])
})

test('a group given twice in one call is created once', async ({ database }) => {
  assert.equal(await post(database, provisional, provisional), ['created', 'created'])
  assert.is((await listTransfers(database.db, { limit: 10 })).items.length, 2)
})

test('the same id with other content is refused, whatever differs', async ({ database }) => {
  const first = group('g', [{}, { amountMicros: 1n }])
  await post(database, first)
  for (const other of [
    group('g', [{}, { amountMicros: 2n }]),
    group('g', [{}]),
    group('g', [{}, { amountMicros: 1n }, {}]),
    group('g', [{}, { amountMicros: 1n, code: 'tax' }]),
    group('g', [{ debit: 'c' }, { amountMicros: 1n }]),
    group('g', [{ kind: 'pending' }, { amountMicros: 1n }]),
    { ...first, source: 'else' },
    { ...first, cycleId: 'EUR-000001' },
    { ...first, currency: 'SEK' },
  ]) {
    assert.equal(await post(database, other), ['exists_with_different_content'])
  }
})

test('a refused group leaves nothing and does not hinder its neighbours', async ({ database }) => {
  const refused = group('bad', [{}, { kind: 'void', pendingId: 'nowhere#1' }])
  assert.equal(await post(database, group('g1', [{}]), refused, group('g2', [{}])), [
    'created',
    'pending_not_found',
    'created',
  ])
  assert.is((await listTransfers(database.db, { limit: 10 })).items.length, 2)
})

test('a pending resolves once', async ({ database }) => {
  await post(database, provisional)
  const resolves = { book: 'provisional', epoch: 1 } as const
  const [first, second] = [
    voidGroup({ claim, epoch: 3, resolves }),
    voidGroup({ claim, epoch: 4, resolves }),
  ]
  assert.equal(await post(database, first, second), ['created', 'pending_already_resolved'])
  assert.equal(await post(database, approved), ['pending_already_resolved'])
  const both = group('both', [
    { kind: 'void', pendingId: 'p#1' },
    { kind: 'void', pendingId: 'p#1' },
  ])
  assert.equal(await post(database, group('p', [{ kind: 'pending' }]), both), [
    'created',
    'pending_already_resolved',
  ])
})

test('a resolution must fit its pending', async ({ database }) => {
  await post(database, group('p', [{ kind: 'pending' }]), group('q', [{}]))
  const refused: [Partial<Transfer>, GroupStatus][] = [
    [{ kind: 'post', pendingId: 'p#2' }, 'pending_not_found'],
    [{ kind: 'post', pendingId: 'q#1' }, 'pending_is_not_pending'],
    [{ kind: 'post', pendingId: 'p#1', debit: 'c' }, 'pending_has_different_accounts'],
    [{ kind: 'post', pendingId: 'p#1', amountMicros: 6n }, 'amount_exceeds_pending'],
    [{ kind: 'void', pendingId: 'p#1', amountMicros: 4n }, 'void_is_not_whole'],
    [{ debit: 'b' }, 'accounts_are_the_same'],
    [{ amountMicros: -1n }, 'amount_out_of_bounds'],
    [{ amountMicros: 2n ** 63n }, 'amount_out_of_bounds'],
    [{ amountMicros: 2n ** 63n - 1n }, 'account_overflows'],
  ]
  for (const [transfer, status] of refused) {
    assert.equal(await post(database, group('r', [transfer])), [status])
  }
})

test('posting less than the pending gives the rest back', async ({ database }) => {
  await post(database, group('p', [{ kind: 'pending', amountMicros: 5_000_000n }]))
  await post(database, group('r', [{ kind: 'post', pendingId: 'p#1', amountMicros: 3_000_000n }]))
  assert.equal(await totals(database), {
    a: ['0.00', '3.00', '0.00', '0.00'],
    b: ['0.00', '0.00', '0.00', '3.00'],
  })
})

test('a free session has its group too', async ({ database }) => {
  const free = pendingGroup({
    claim: { ...claim, netMicros: 0n, taxMicros: 0n },
    book: 'provisional',
    epoch: 1,
    resolves: null,
  })
  assert.equal(await post(database, free), ['created'])
  assert.is((await listTransfers(database.db, { limit: 10 })).items.length, 2)
})

test('one code has an account of its own in each currency', async ({ database }) => {
  await post(database, group('g', [{}]), { ...group('h', [{}]), currency: 'SEK' })
  assert.is((await listAccounts(database.db, { limit: 10 })).items.length, 4)
})

test.run()
