import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { limits } from '../../config/limits.ts'
import { sql } from '../../src/db/sql.ts'
import { readQuirks } from '../../src/directory/quirks.ts'
import { createSecrets } from '../../src/directory/secrets.ts'
import { rekey } from '../../src/hub/rekey.ts'
import { reconcile } from '../../workers/sweep.ts'
import { startHub } from '../helpers/hub.ts'

const OLD = Buffer.alloc(32, 7)
const keys = [Buffer.alloc(32, 8), OLD]
const hub = await startHub({ config: { secretsKeys: keys } })
const { context } = hub
const { db, directory, secrets } = context
test.after(() => hub.close())

const revision = async () =>
  (await db.rows<{ revision: bigint }>(sql`select revision from directory_revision`))[0]?.revision

test('what was invalidated while it was read does not come back as fresh', async () => {
  const early = directory.snapshot()
  directory.invalidate()
  await db.rows(sql`update directory_revision set revision = revision + 1`)
  await early
  assert.is((await directory.snapshot()).revision, await revision())
})

test('a token that is shown raw and in base64 by turns changes the directory once', async () => {
  const partner = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
  const headers = [partner.token, Buffer.from(partner.token).toString('base64')]
  for (const header of headers) assert.ok(await directory.authenticate(`Token ${header}`))
  const before = await revision()
  for (const header of [...headers, ...headers]) await directory.authenticate(`Token ${header}`)
  assert.is(await revision(), before)
})

test('cleaning up nothing changes nothing; old lines of the message log go', async () => {
  const before = await revision()
  await db.rows(sql`
    insert into messages (at, direction, method, path, outcome, duration_ms)
    select clock_timestamp() - t.age * interval '1 millisecond', 'in', 'GET', '/age-test', 'answered', 1
    from unnest(${[limits.messagesAgeMsMax * 1.01, limits.messagesAgeMsMax * 0.99]}::float8[]) as t (age)`)
  await reconcile(context)
  assert.is(await revision(), before)
  assert.is((await db.rows(sql`select 1 from messages where path = '/age-test'`)).length, 1)
})

test('a token under a lost key does not keep the others from moving to the new one', async () => {
  const partner = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
  const purpose = `platform:${partner.id}:access`
  const old = createSecrets([OLD])
  const lost = createSecrets([Buffer.alloc(32, 6)])
  const rows = [lost, old].map((used, at) => ({
    hash: used.hash(`token ${at}`),
    sealed: used.seal(`token ${at}`, purpose),
  }))
  await db.rows(sql`
    insert into credentials_tokens (token_hash, platform_id, kind, sealed)
    select t.hash, ${partner.id}, 'access', t.sealed
    from unnest(${rows.map(({ hash }) => hash)}::bytea[], ${rows.map(({ sealed }) => sealed)}::bytea[]) as t (hash, sealed)`)
  assert.is(await rekey(context), 1)
  assert.is(await rekey(context), 0)
  const moved = await db.rows(sql`
    select 1 from credentials_tokens where token_hash = ${secrets.hash('token 1')}`)
  assert.is(moved.length, 1)
  const alerts = await db.rows<{ count: bigint }>(sql`
    select count from alerts where code = 'secret_lost'`)
  assert.is(alerts.length, 1)
})

test('quirks that this version of the hub does not know, or cannot read, count as not set', () => {
  assert.equal(readQuirks({ enum_case: true, of_tomorrow: 1, page_size_max: 'x' }), {
    enum_case: true,
  })
  for (const value of [null, 'enum_case', [], undefined]) assert.equal(readQuirks(value), {})
})

test('a platform speaks for what it registered, or for all it was invited with', async () => {
  const parties = [
    { party: 'DE-IN1', role: 'EMSP' as const },
    { party: 'DE-IN2', role: 'EMSP' as const },
  ]
  const partner = await hub.invite({ parties, version: '2.1.1' })
  const spoken = async () => {
    const copy = await directory.snapshot()
    return {
      parties: copy.platforms.get(partner.id)?.parties.map(({ party }) => party),
      known: parties.filter(({ party }) => copy.byPartyRole.has(`${party}/EMSP`)).length,
    }
  }
  assert.equal(await spoken(), { parties: ['DE-IN1', 'DE-IN2'], known: 2 })
  assert.is((await partner.join()).code, 1000)
  assert.equal(await spoken(), { parties: ['DE-IN1'], known: 1 })
})

test.run()
