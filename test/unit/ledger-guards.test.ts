import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { violates } from '../../src/db/database.ts'
import { sql } from '../../src/db/sql.ts'
import { listAccounts, listTransfers } from '../../src/ledger/read.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'
import { testDatabase } from '../helpers/database.ts'
import type { TestDatabase } from '../helpers/database.ts'
import { group, post, provisional } from '../helpers/postings.ts'

const test = suite<{ database: TestDatabase }>('ledger guards')
test.before.each(async (context) => {
  context.database = await testDatabase()
})
test.after.each(async ({ database }) => {
  const verified = await verifyLedger(database.db)
  await database.drop()
  assert.equal(verified, { ok: true, differences: [], breaches: [] })
})

test('transfers cannot be changed or removed, not even by the owner of the tables', async ({
  database,
}) => {
  await post(database, provisional)
  for (const statement of [
    sql`update ledger_transfers set amount_micros = 1`,
    sql`delete from ledger_transfers`,
    sql`truncate ledger_transfers`,
    sql`delete from ledger_accounts`,
    sql`truncate ledger_accounts`,
    sql`update ledger_accounts set code = 'x'`,
  ]) {
    const error = await database.db.rows(statement).then(
      () => 'accepted',
      (cause: unknown) => String(cause),
    )
    assert.match(error, /permission denied/)
  }
})

test('the trigger holds where privileges do not', async ({ database }) => {
  await post(database, provisional)
  for (const statement of [
    sql`update ledger_transfers set amount_micros = 1 where false`,
    sql`delete from ledger_transfers`,
    sql`truncate ledger_transfers`,
    sql`truncate ledger_accounts`,
  ]) {
    const attempt = database.db.transaction(async (tx) => {
      await tx.rows(sql`grant all on ledger_transfers, ledger_accounts to current_user`)
      await tx.rows(statement)
    })
    assert.match(await attempt.then(() => 'accepted', String), /immutable/)
  }
})

test('the database refuses half a group, a foreign account, a wrong resolution, a second one', async ({
  database,
}) => {
  await post(database, group('p', [{ kind: 'pending' }]), { ...group('s', [{}]), currency: 'SEK' })
  await post(
    database,
    group('v', [{ kind: 'void', pendingId: 'p#1' }]),
    group('o', [{ kind: 'pending' }]),
  )
  type Row = {
    size?: number
    kind?: string
    pending?: string | null
    amount?: bigint
    credit?: string
  }
  const insert = ({
    size = 1,
    kind = 'posted',
    pending = null,
    amount = 5n,
    credit = 'EUR',
  }: Row): Promise<unknown> =>
    database.db.rows(sql`
      insert into ledger_transfers (id, group_id, group_size, kind, code, debit_account_id, credit_account_id, currency,
        amount_micros, pending_id, source)
      select 'x#1', 'x', ${size}, ${kind}, 'net', a.id, b.id, 'EUR', ${amount}, ${pending}, 'test'
      from ledger_accounts a, ledger_accounts b
      where a.code = 'a' and a.currency = 'EUR' and b.code = 'b' and b.currency = ${credit}`)
  const refused: [Row, string][] = [
    [{ size: 2 }, 'transfers_group_complete'],
    [{ credit: 'SEK' }, 'transfers_one_currency'],
    [{ kind: 'post', pending: 'o#1', amount: 6n }, 'transfers_resolution_fits'],
    [{ kind: 'post', pending: 'nowhere#1' }, 'transfers_resolution_fits'],
    [{ kind: 'post', pending: 'p#1' }, 'transfers_pending_key'],
    [{ kind: 'post' }, 'transfers_pending_named'],
  ]
  for (const [row, constraint] of refused) {
    const error = await insert(row).catch((cause: unknown) => cause)
    assert.ok(violates(error, constraint), `${constraint}: ${String(error)}`)
  }
})

test('verification names the account, the field and both amounts', async ({ database }) => {
  await post(database, group('g', [{ amountMicros: 5_000_000n }]))
  await database.db.rows(sql`update ledger_accounts set debits_posted = 6000000 where code = 'a'`)
  assert.equal(await verifyLedger(database.db), {
    ok: false,
    differences: [
      { account: 'a', currency: 'EUR', field: 'debits_posted', stored: '6.00', recomputed: '5.00' },
    ],
    breaches: [{ rule: 'debits_equal_credits', subject: 'EUR' }],
  })
  await database.db.rows(sql`update ledger_accounts set debits_posted = 5000000 where code = 'a'`)
})

test('lists page through everything once', async ({ database }) => {
  await post(
    database,
    ...Array.from({ length: 7 }, (_, n) =>
      group(`g${n}`, [{}, { credit: 'c' }, { debit: 'b', credit: 'a' }]),
    ),
  )
  for (const [account, count] of [
    [undefined, 21],
    ['a', 21],
    ['c', 7],
    ['nobody', 0],
  ] as const) {
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await listTransfers(database.db, {
        limit: 4,
        ...(account === undefined ? {} : { account }),
        ...(after === undefined ? {} : { after }),
      })
      seen.push(...page.items.map(({ id }) => id))
      after = page.next_cursor ?? undefined
    } while (after !== undefined)
    assert.is(seen.length, count)
    assert.is(new Set(seen).size, count)
  }
  const first = await listAccounts(database.db, { limit: 2 })
  const second = await listAccounts(database.db, { limit: 2, after: first.next_cursor ?? '' })
  assert.equal(
    [...first.items, ...second.items].map(({ code }) => code),
    ['a', 'b', 'c'],
  )
  assert.is(second.next_cursor, null)
})

test.run()
