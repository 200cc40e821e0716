import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { openDatabase } from '../../src/db/database.ts'
import { migrate, migrationNames } from '../../src/db/migrate.ts'
import type { Database, Statement } from '../../src/db/sql.ts'
import { sql } from '../../src/db/sql.ts'

export type TestDatabase = {
  readonly db: Database
  readonly url: string
  readonly drop: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const MIGRATIONS = new URL('../../src/db/migrations/', import.meta.url)
const dropAttemptsMax = 5
const TEMPLATE_LOCK = 7_235_861_140_221_777n

/**
 * A database of the caller's own with all migrations run: a clone of a template that the first caller makes for the
 * migrations as they are. `drop` closes the pool and removes it, also while others are connected.
 */
export async function testDatabase(options: { poolMax?: number } = {}): Promise<TestDatabase> {
  const maintenance = maintenanceUrl()
  const name = `crosscharge_test_${process.pid}_${randomBytes(5).toString('hex')}`
  const root = open({ url: maintenance, poolMax: 3 })
  try {
    const template = await ensureTemplate({ root, maintenance })
    await root.rows(text(`create database ${name} template ${template}`))
  } finally {
    await root.close()
  }
  const url = urlOf({ maintenance, name })
  const db = open({ url, poolMax: options.poolMax ?? 8 })
  // The clone of a template is an installation of its own: its queues must not meet another test's.
  await db.rows(sql`update installation set id = gen_random_uuid()::text`)
  let dropped: Promise<void> | undefined
  const drop = (): Promise<void> => (dropped ??= dropDatabase({ db, maintenance, name }))
  return { db, url, drop, [Symbol.asyncDispose]: drop }
}

/** The URL of the database that tests make theirs from; its role may CREATEDB and nothing in it is touched. */
function maintenanceUrl(): string {
  const url = process.env['TEST_DATABASE_URL']
  if (!url) throw new Error('TEST_DATABASE_URL is not set: run tests through test/run.ts')
  return url
}

/** Returns the name of the template, making it first if need be. Only a finished one ever carries the name. */
async function ensureTemplate({
  root,
  maintenance,
}: {
  root: Database
  maintenance: string
}): Promise<string> {
  const name = `crosscharge_template_${await migrationsHash()}`
  if (await exists(root, name)) return name
  return root.transaction(async (tx) => {
    await tx.rows(sql`select pg_advisory_xact_lock(${TEMPLATE_LOCK})`)
    if (await exists(root, name)) return name
    const making = `${name}_${randomBytes(4).toString('hex')}`
    // CREATE DATABASE runs in no transaction: it goes over another connection while this one holds the lock.
    await root.rows(text(`create database ${making}`))
    const db = open({ url: urlOf({ maintenance, name: making }), poolMax: 1 })
    await migrate(db)
    await db.close()
    await root.rows(text(`alter database ${making} rename to ${name}`))
    return name
  })
}

async function exists(db: Database, name: string): Promise<boolean> {
  return (await db.rows(sql`select from pg_database where datname = ${name}`)).length > 0
}

async function migrationsHash(): Promise<string> {
  const hash = createHash('sha256')
  for (const name of await migrationNames())
    hash.update(name).update(await readFile(new URL(name, MIGRATIONS)))
  return hash.digest('hex').slice(0, 16)
}

async function dropDatabase(target: {
  db: Database
  maintenance: string
  name: string
}): Promise<void> {
  await target.db.close()
  const root = open({ url: target.maintenance, poolMax: 1 })
  try {
    await evictAndDrop(root, target.name)
  } finally {
    await root.close()
  }
}

/** FORCE fails while autovacuum is in there, which only a superuser may end; a plain DROP sends that away by itself. */
async function evictAndDrop(root: Database, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const force = attempt % 2 === 1 ? ' with (force)' : ''
    try {
      await root.rows(text(`drop database if exists ${name}${force}`))
      return
    } catch (error) {
      if (attempt === dropAttemptsMax) throw error
    }
  }
}

function open({ url, poolMax }: { url: string; poolMax: number }): Database {
  // Tests kill backends on purpose; the statement that was running says so itself.
  return openDatabase({
    url,
    poolMax,
    applicationName: 'crosscharge-test',
    onError: () => undefined,
  })
}

function urlOf({ maintenance, name }: { maintenance: string; name: string }): string {
  const url = new URL(maintenance)
  url.pathname = `/${name}`
  return url.href
}

/** A statement of our own names; identifiers cannot be parameters. */
function text(statement: string): Statement {
  return { text: statement, values: [] }
}
