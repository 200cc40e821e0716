import { readFile, readdir } from 'node:fs/promises'
import { assert } from '../assert.ts'
import type { Database } from './sql.ts'
import { sql } from './sql.ts'

const FOLDER = new URL('./migrations/', import.meta.url)
const LOCK = 7_235_861_140_221_001n

/**
 * Runs the numbered migrations that the database has not seen, each in one transaction, under an advisory lock so that
 * two starting processes do not race. Returns the names it ran.
 */
export async function migrate(db: Database): Promise<string[]> {
  await db
    .rows(
      sql`create table if not exists migrations (
    name text primary key, at timestamptz not null default clock_timestamp())`,
    )
    .catch(ignoreRace)
  const ran: string[] = []
  for (const name of await migrationNames()) {
    const text = await readFile(new URL(name, FOLDER), 'utf8')
    assert(text.startsWith('-- Why: '), `${name} does not say why in its first line`)
    const isNew = await db.transaction(async (tx) => {
      await tx.rows(sql`select pg_advisory_xact_lock(${LOCK})`)
      const seen = await tx.rows<{ name: string }>(
        sql`select name from migrations where name = ${name}`,
      )
      if (seen.length > 0) return false
      await tx.script(text)
      await tx.rows(sql`insert into migrations (name) values (${name})`)
      return true
    })
    if (isNew) ran.push(name)
  }
  return ran
}

/** The names of all migrations of this checkout, in the order they run. */
export async function migrationNames(): Promise<string[]> {
  return (await readdir(FOLDER)).filter((name) => /^\d{4}-.*\.sql$/.test(name)).sort()
}

/** Two first starts at once may both try to create the table; one of them is told that it exists. */
function ignoreRace(error: unknown): void {
  if (!(error instanceof Error && /already exists|duplicate key/.test(error.message))) throw error
}
