import { readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openDatabase } from '../../src/db/database.ts'
import { sql } from '../../src/db/sql.ts'
import type { Database } from '../../src/db/sql.ts'
import { ownStores } from '../helpers/stores.ts'

const stores = suite('stores')

stores('a killed PostgreSQL comes back on its port with what was committed', async () => {
  await using own = await ownStores(['postgres'])
  const server = open(own.databaseUrl('postgres'))
  await server.rows(sql`create database kept`)
  await server.close()
  const before = open(own.databaseUrl('kept'))
  await before.rows(sql`create table facts as select 1 as number`)
  await own.kill('postgres')
  await before.close()
  await own.restart('postgres')
  const after = open(own.databaseUrl('kept'))
  assert.equal(await after.rows(sql`select number from facts`), [{ number: 1 }])
  await after.close()
})

stores('the hub is never superuser', async () => {
  await using own = await ownStores(['postgres'])
  const db = open(own.databaseUrl('postgres'))
  const [role] = await db.rows(
    sql`select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user`,
  )
  assert.equal(role, { rolsuper: false, rolcreatedb: true, rolcreaterole: false })
  await db.close()
})

stores('a killed Redis comes back on its port', async () => {
  await using own = await ownStores(['redis'])
  const before = redisOf(own.folder)
  await own.kill('redis')
  await own.restart('redis')
  const after = redisOf(own.folder)
  assert.is(after.port, before.port)
  assert.is.not(after.pid, before.pid)
})

function open(url: string): Database {
  return openDatabase({ url, applicationName: 'test', onError: () => undefined })
}

function redisOf(folder: string): { pid: number; port: number } {
  return JSON.parse(readFileSync(path.join(folder, 'stores.json'), 'utf8')).redis
}

stores.run()
