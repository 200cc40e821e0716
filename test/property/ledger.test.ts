import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { accountKey, decide } from '../../src/ledger/decide.ts'
import type { Decision, LedgerView, StoredTransfer, Totals } from '../../src/ledger/decide.ts'
import type { Group, Transfer } from '../../src/ledger/groups.ts'
import { fromMicros, toMicros } from '../../src/ledger/money.ts'
import { postGroups } from '../../src/ledger/post-groups.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { testDatabase } from '../helpers/database.ts'
import { seed, size } from '../helpers/seed.ts'

const ACCOUNTS = ['a', 'b', 'c', 'd']
const GROUPS = ['g1', 'g2', 'g3', 'g4', 'g5', 'g6']
const account = fc.constantFrom(...ACCOUNTS)
const amountMicros = fc.bigInt({ min: 0n, max: 3n })
const opening: fc.Arbitrary<Transfer> = fc.record({
  kind: fc.constantFrom('posted', 'pending'),
  code: fc.constant('net'),
  debit: account,
  credit: account,
  amountMicros,
  pendingId: fc.constant(null),
})
const resolving: fc.Arbitrary<Transfer> = fc.record({
  kind: fc.constantFrom('post', 'void'),
  code: fc.constant('net'),
  debit: account,
  credit: account,
  amountMicros,
  pendingId: fc.constantFrom(...GROUPS.flatMap((group) => [`${group}#1`, `${group}#2`])),
})
const group: fc.Arbitrary<Group> = fc.record({
  id: fc.constantFrom(...GROUPS),
  source: fc.constant('test'),
  currency: fc.constant('EUR'),
  cycleId: fc.constant(null),
  transfers: fc.array(fc.oneof({ weight: 3, arbitrary: opening }, resolving), {
    minLength: 1,
    maxLength: 3,
  }),
})
const history = fc.array(group, { minLength: 1, maxLength: 25 })

const empty: LedgerView = {
  accountIds: new Map(
    ACCOUNTS.map((code, index) => [accountKey({ code, currency: 'EUR' }), BigInt(index + 1)]),
  ),
  totals: new Map(),
  transfers: new Map(),
  resolved: new Set(),
}

/** What the ledger looks like after a decision: what PostgreSQL keeps for us elsewhere. */
function after(view: LedgerView, decision: Decision): LedgerView {
  const pendings = decision.created.flatMap(({ pendingId }) =>
    pendingId === null ? [] : [pendingId],
  )
  return {
    accountIds: view.accountIds,
    totals: new Map([...view.totals, ...decision.totals]),
    transfers: new Map([
      ...view.transfers,
      ...decision.created.map((row) => [row.id, row] as const),
    ]),
    resolved: new Set([...view.resolved, ...pendings]),
  }
}

function recompute(view: LedgerView): Map<bigint, Totals> {
  const totals = new Map<bigint, Totals>()
  const add = (id: bigint, part: Partial<Totals>): void => {
    const was = totals.get(id) ?? {
      debitsPending: 0n,
      debitsPosted: 0n,
      creditsPending: 0n,
      creditsPosted: 0n,
    }
    totals.set(id, {
      debitsPending: was.debitsPending + (part.debitsPending ?? 0n),
      debitsPosted: was.debitsPosted + (part.debitsPosted ?? 0n),
      creditsPending: was.creditsPending + (part.creditsPending ?? 0n),
      creditsPosted: was.creditsPosted + (part.creditsPosted ?? 0n),
    })
  }
  for (const row of view.transfers.values()) {
    const isOpen = row.kind === 'pending' && !view.resolved.has(row.id)
    const isPosted = row.kind === 'posted' || row.kind === 'post'
    const [pending, posted] = [isOpen ? row.amountMicros : 0n, isPosted ? row.amountMicros : 0n]
    add(row.debitAccountId, { debitsPending: pending, debitsPosted: posted })
    add(row.creditAccountId, { creditsPending: pending, creditsPosted: posted })
  }
  return totals
}

test('totals are always what the transfers add up to, and resolutions happen once', () => {
  fc.assert(
    fc.property(history, (groups) => {
      const decision = decide(empty, groups)
      const view = after(empty, decision)
      assert.equal(sorted(view.totals), sorted(recompute(view)))
      const resolutions = decision.created.flatMap(({ pendingId }) => pendingId ?? [])
      assert.is(new Set(resolutions).size, resolutions.length)
      assert.is(new Set(decision.created.map(({ id }) => id)).size, decision.created.length)
    }),
    { seed: seed(), numRuns: size(500) },
  )
})

test('one call or many: the same groups in the same order leave the same ledger', () => {
  fc.assert(
    fc.property(history, fc.nat(), (groups, cut) => {
      const at = cut % groups.length
      const whole = after(empty, decide(empty, groups))
      const half = after(empty, decide(empty, groups.slice(0, at)))
      const parts = after(half, decide(half, groups.slice(at)))
      assert.equal(rows(parts), rows(whole))
      assert.equal(sorted(parts.totals), sorted(whole.totals))
    }),
    { seed: seed(), numRuns: size(300) },
  )
})

test('deciding a history again writes nothing', () => {
  fc.assert(
    fc.property(history, (groups) => {
      const view = after(empty, decide(empty, groups))
      const first = new Map<string, Group>()
      for (const candidate of groups) {
        if (view.transfers.get(`${candidate.id}#1`) && !first.has(candidate.id))
          first.set(candidate.id, candidate)
      }
      const again = decide(view, [...first.values()])
      assert.equal(again.created, [])
      assert.is(again.totals.size, 0)
    }),
    { seed: seed(), numRuns: size(300) },
  )
})

test('PostgreSQL keeps the ledger that the pure decision describes', async () => {
  await using database = await testDatabase()
  const { db } = database
  const samples = fc.sample(history, { seed: seed(), numRuns: size(15) })
  for (const [run, groups] of samples.entries()) {
    const mine = groups.map((candidate) => inRun(candidate, run))
    const expected = decide(named(mine), mine)
    const statuses = await db.transaction((tx) => postGroups(tx, mine))
    assert.equal([...statuses].sort(), [...expected.statuses].sort())
    const stored = await db.rows<{ id: string }>(sql`
      select id from ledger_transfers where id like ${`${run}:%`} order by id`)
    assert.equal(
      stored.map(({ id }) => id),
      expected.created.map(({ id }) => id).sort(),
    )
  }
  assert.equal(await verifyLedger(db), { ok: true, differences: [], breaches: [] })
})

test('decimal text and micro-units are worth the same but for the residue', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }),
      fc.nat({ max: 12 }),
      (digits, scale) => {
        const text = decimalText(digits, scale)
        const amount = toMicros(text)
        if (amount.status !== 'ok') return
        const exact = digits * 10n ** BigInt(18 - scale)
        const residue = scaled(amount.residue)
        assert.is(amount.micros * 10n ** 12n + residue, exact)
        assert.ok(residue * 2n <= 10n ** 12n && residue * 2n >= -(10n ** 12n))
      },
    ),
    { seed: seed(), numRuns: size(1_000) },
  )
})

test('micro-units written as text are read back without residue', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), (micros) => {
      assert.equal(toMicros(fromMicros(micros)), { status: 'ok', micros, residue: '0' })
    }),
    { seed: seed(), numRuns: size(1_000) },
  )
})

function rows(view: LedgerView): StoredTransfer[] {
  return [...view.transfers.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

function sorted(totals: ReadonlyMap<bigint, Totals>): [bigint, Totals][] {
  return [...totals].sort(([a], [b]) => Number(a - b))
}

function inRun(candidate: Group, run: number): Group {
  const transfers = candidate.transfers.map((transfer) => ({
    ...transfer,
    debit: `${run}:${transfer.debit}`,
    credit: `${run}:${transfer.credit}`,
    pendingId: transfer.pendingId === null ? null : `${run}:${transfer.pendingId}`,
  }))
  return { ...candidate, id: `${run}:${candidate.id}`, transfers }
}

function named(groups: readonly Group[]): LedgerView {
  const codes = new Set(
    groups.flatMap(({ transfers }) => transfers.flatMap(({ debit, credit }) => [debit, credit])),
  )
  const ids = [...codes].map(
    (code, index) => [accountKey({ code, currency: 'EUR' }), BigInt(index)] as const,
  )
  return { ...empty, accountIds: new Map(ids) }
}

/** digits × 10^-scale written out. */
function decimalText(digits: bigint, scale: number): string {
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0')
  const fraction = scale === 0 ? '' : `.${text.slice(text.length - scale)}`
  return `${digits < 0n ? '-' : ''}${text.slice(0, text.length - scale)}${fraction}`
}

/** Plain decimal text in units of 10^-18. */
function scaled(text: string): bigint {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.')
  const value = BigInt(whole + fraction.padEnd(18, '0'))
  return text.startsWith('-') ? -value : value
}

test.run()
