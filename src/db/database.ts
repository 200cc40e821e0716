import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { limits } from '../../config/limits.ts'
import type { Database, Statement, TransactionOptions, Tx } from './sql.ts'

export type DatabaseOptions = {
  url: string
  applicationName: string
  poolMax?: number
  /** Called for errors of idle connections; they are not anybody's request. */
  onError: (error: Error) => void
}

/** PostgreSQL could not be asked or did not answer in time; whether a commit happened may be unknown. */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable'
}

const INT8 = 20
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8 && format !== 'binary') return (text: string) => BigInt(text)
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid)
  },
}

/** Opens a pool. Every statement has a client-side deadline: a frozen server honours none of its own. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName,
    max: options.poolMax ?? limits.poolConnectionsMax,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    query_timeout: limits.queryTimeoutMs,
    statement_timeout: limits.queryTimeoutMs,
    idle_in_transaction_session_timeout: limits.queryTimeoutMs,
    // A generic plan made while a table was small would be kept when it is large.
    options: '-c plan_cache_mode=force_custom_plan',
    types,
  })
  pool.on('error', options.onError)
  pool.on('connect', (client) => client.on('error', options.onError))
  return {
    rows: async <R extends object>(statement: Statement) => {
      try {
        const result = await pool.query<R>(asQuery(statement))
        return result.rows
      } catch (error) {
        throw translate(error)
      }
    },
    transaction: async (work, more) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await transact(pool, work, more)
        } catch (error) {
          if (!isConflict(error) || attempt === limits.transactionTriesMax) throw error
          // The other one was just woken and would lose its turn to a repetition at once.
          await pause(attempt * limits.transactionPauseMs)
        }
      }
    },
    close: () => pool.end(),
  }
}

/** True for an error of the database that carries this constraint name. */
export function violates(error: unknown, constraint: string): boolean {
  return error instanceof pg.DatabaseError && error.constraint === constraint
}

async function transact<T>(
  pool: pg.Pool,
  work: (tx: Tx) => Promise<T>,
  { deadlineMs }: TransactionOptions = {},
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw translate(error)
  })
  let broken: Error | undefined
  try {
    await client.query('begin')
    if (deadlineMs !== undefined) await client.query(`set local statement_timeout = ${deadlineMs}`)
    const result = await work({
      inTransaction: true,
      rows: async <R extends object>(statement: Statement) =>
        (await client.query<R>(asQuery(statement, deadlineMs))).rows,
      script: async (text) => void (await client.query(withDeadline({ text }, deadlineMs))),
    })
    const committed = await client.query('commit')
    // After a failed statement PostgreSQL answers COMMIT with ROLLBACK and no error.
    if (committed.command !== 'COMMIT')
      throw new DatabaseUnavailable('the commit was answered by a rollback')
    return result
  } catch (error) {
    broken = await rollBack(client)
    throw translate(error)
  } finally {
    client.release(broken)
  }
}

async function rollBack(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query('rollback')
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error('rollback failed')
  }
}

/** pg takes a deadline per query, though its types do not say so. */
type TimedQuery = pg.QueryConfig<unknown[]> & { query_timeout?: number }

const names = new Map<string, string>()

/** Statements with the same text are prepared once per connection. */
function asQuery(statement: Statement, deadlineMs?: number): TimedQuery {
  let name = names.get(statement.text)
  if (name === undefined) {
    name = `s${names.size}`
    names.set(statement.text, name)
  }
  const query = { name, text: statement.text, values: [...statement.values] }
  return withDeadline(query, deadlineMs)
}

function withDeadline<Q extends { text: string }>(
  query: Q,
  deadlineMs: number | undefined,
): Q & { query_timeout?: number } {
  return deadlineMs === undefined ? query : { ...query, query_timeout: deadlineMs }
}

/** Serialization failure and deadlock: nothing was done, and the other transaction has ended or goes on. */
function isConflict(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '40001' || error.code === '40P01')
}

const CONNECTION_CODES = new Set([
  '57P01',
  '57P02',
  '57P03',
  '57014',
  '53300',
  '25P03',
  '25006',
  '55P03',
])

/** Everything that means "not now" becomes DatabaseUnavailable; errors of our SQL stay what they are. */
function translate(error: unknown): unknown {
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? ''
    return CONNECTION_CODES.has(code) || code.startsWith('08')
      ? new DatabaseUnavailable(error.message, { cause: error })
      : error
  }
  if (error instanceof Error && isConnectionTrouble(error)) {
    return new DatabaseUnavailable(error.message, { cause: error })
  }
  return error
}

function isConnectionTrouble(error: Error): boolean {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/.test(code) ||
    /Connection terminated|timeout exceeded|Query read timeout|not queryable|Client has encountered|Cannot use a pool after/i.test(
      error.message,
    )
  )
}
