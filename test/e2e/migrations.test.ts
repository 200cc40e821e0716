// A hub that has worked before 0004 goes on with what it has.
import { readFile } from 'node:fs/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate, migrationNames } from '../../src/db/migrate.ts'
import type { Database } from '../../src/db/sql.ts'
import { sql } from '../../src/db/sql.ts'
import { testDatabase } from '../helpers/database.ts'

const FOLDER = new URL('../../src/db/migrations/', import.meta.url)

/** The database as it was before `name` ran. */
async function before(db: Database, name: string): Promise<void> {
  const earlier = (await migrationNames()).filter((each) => each < name)
  await db.transaction(async (tx) => {
    await tx.script('drop schema public cascade; create schema public;')
    await tx.script('create table migrations (name text primary key, at timestamptz default now())')
    for (const each of earlier) {
      await tx.script(await readFile(new URL(each, FOLDER), 'utf8'))
      await tx.rows(sql`insert into migrations (name) values (${each})`)
    }
  })
}

async function fill(db: Database): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.script(`
      insert into platforms (id, name, status, invited_roles) values ('p1', 'one', 'registered', '[]');
      insert into platform_parties (platform_id, party, role, business_details) values ('p1', 'NL-TNM', 'CPO', '{}');
      insert into objects (module, owner, object_key, audience, platform_id, ocpi_version, original, value, last_updated)
        select 'tokens', 'DE-EMA', 'k' || n || '|RFID', '*', 'p1', '2.2.1', '{}',
          jsonb_build_object('uid', 'K' || n, 'type', 'RFID', 'contract_id', 'C' || n), now()
        from generate_series(1, 20000) as n;
      insert into object_versions (module, owner, object_key, audience, source, ocpi_version, original, value,
          last_updated, in_force_from)
        select module, owner, object_key, audience, 'push', ocpi_version, original, value, last_updated, now() from objects;
      insert into objects (module, owner, object_key, audience, platform_id, ocpi_version, original, value, last_updated)
        select 'sessions', 'NL-TNM', 's' || n, 'DE-EMA', 'p1', '2.2.1', '{}', jsonb_build_object('id', 'S' || n,
          'cdr_token', jsonb_build_object('contract_id', 'C' || n)), now()
        from generate_series(1, 20000) as n;
      insert into cdrs (owner, cdr_key, cdr_id, platform_id, receiver, ocpi_version, original, content_hash, value, token_key,
          is_credit, currency, last_updated, correlation_id)
        values ('NL-TNM', 'c1', 'C1', 'p1', 'DE-EMA', '2.2.1', '\\x7b7d', '\\x00', '{}', 'k1|RFID', false, 'EUR', now(), 'x');
      analyze objects; analyze object_versions;`)
  })
}

async function planOf(db: Database, statement: ReturnType<typeof sql>): Promise<string> {
  const rows = await db.rows<{ 'QUERY PLAN': string }>({
    ...statement,
    text: `explain ${statement.text}`,
  })
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}

test('0004 runs on filled tables and finds cards by contract with an index', async () => {
  await using database = await testDatabase({ poolMax: 2 })
  const { db } = database
  await before(db, '0004')
  await fill(db)
  assert.ok((await migrate(db)).includes('0004-versions.sql'))
  const [object] = await db.rows<{ source: string; supplied: string[] }>(
    sql`select source, supplied from objects limit 1`,
  )
  assert.equal(object, { source: 'push', supplied: [] })
  const [cdr] = await db.rows<{ doubts: unknown }>(sql`select doubts from cdrs`)
  assert.equal(cdr?.doubts, [])
  // What the old code writes while it still runs.
  await db.rows(sql`
    insert into objects (module, owner, object_key, audience, platform_id, ocpi_version, original, value, last_updated)
    values ('tokens', 'DE-EMA', 'new|RFID', '*', 'p1', '2.2.1', '{}', '{}', now())`)
  await db.rows(sql`
    insert into platform_parties (platform_id, party, role, business_details) values ('p1', 'NL-PTP', 'PTP', '{}')`)
  const isRefused = await db
    .rows(
      sql`insert into platform_parties (platform_id, party, role, business_details)
      values ('p1', 'NL-BAD', 'NOBODY', '{}')`,
    )
    .then(() => false)
    .catch(() => true)
  assert.ok(isRefused, 'the wider constraint holds for what is new')
  await db.rows(sql`analyze objects`)
  const byContract = await planOf(
    db,
    sql`
      select o.owner from unnest(${['c1', 'c2']}::text[]) as q (contract)
      join objects o on o.module = 'tokens' and lower(o.value->>'contract_id') = q.contract
      where o.deleted_at is null`,
  )
  assert.match(byContract, /objects_contract/)
  const bySession = await planOf(
    db,
    sql`
      select object_key from objects where module = 'sessions' and owner = ${'NL-TNM'} and deleted_at is null
        and lower(value #>> '{cdr_token,contract_id}') = lower(${'C7'})`,
  )
  assert.match(bySession, /objects_session_contract/)
})

test('0006 keeps what is booked, and has what is held judged again', async () => {
  await using database = await testDatabase({ poolMax: 2 })
  const { db } = database
  await before(db, '0006')
  await db.transaction((tx) =>
    tx.script(`
      insert into cycles (id, currency, number, state) values ('EUR-000001', 'EUR', 1, 'final'), ('EUR-000002', 'EUR', 2, 'open');
      insert into cdrs (owner, cdr_key, cdr_id, platform_id, receiver, ocpi_version, original, content_hash, value, token_key,
          is_credit, currency, last_updated, correlation_id)
        select 'NL-TNM', k, upper(k), 'p1', 'DE-EMA', '2.2.1', '\\x7b7d', '\\x00', '{}', 'k', k = 'credit', 'EUR', now(), 'x'
        from unnest(array['held', 'open', 'done', 'credit', 'odd']) as k;
      insert into cdr_states (cdr_id, owner, receiver, is_credit, currency, state, epoch, cycle_id, net_micros, tax_micros, booked)
        select c.id, owner, receiver, is_credit, currency, t.state, 1, t.cycle, 5, 1, t.booked from cdrs c join (values
          ('held', 'held', 'EUR-000002', '{"book": "held", "epoch": 1, "cycleId": null}'::jsonb),
          ('open', 'provisional', 'EUR-000002', '{"book": "provisional", "epoch": 1, "cycleId": null}'),
          ('done', 'approved', 'EUR-000001', '{"book": "due", "epoch": 1, "cycleId": "EUR-000001"}'),
          ('credit', 'unmatched', null, null), ('odd', 'quarantined', null, null)) as t (key, state, cycle, booked)
          on t.key = c.cdr_key;`),
  )
  assert.ok((await migrate(db)).includes('0006-disputes.sql'))
  const rows = await db.rows<{
    key: string
    state: string
    leg: string | null
    drops: boolean
  }>(sql`
    select c.cdr_key as key, s.state, s.booked->>'leg' as leg, s.drop_at > now() + interval '89 days' as drops
    from cdr_states s join cdrs c on c.id = s.cdr_id order by c.id`)
  assert.equal(
    rows.map(({ key, state, leg, drops }) => [key, state, leg, drops]),
    [
      ['held', 'held', 'cdr:NL-TNM/held:held:1#1', null],
      ['open', 'provisional', 'cdr:NL-TNM/open:provisional:1#1', null],
      ['done', 'netted', null, null],
      ['credit', 'orphan_credit', null, null],
      ['odd', 'quarantined', null, true],
    ],
  )
  const work = await db.rows(sql`
    select o.kind from outbox o join cdrs c on c.id::text = o.subject where c.cdr_key = 'held'`)
  assert.equal(work, [{ kind: 'clear' }])
})

test.run()
