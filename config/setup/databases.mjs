// Databases that demo and tests make for themselves, on the embedded server or on the one that DATABASE_URL names.
import path from 'node:path'
import { randomBytes } from 'node:crypto'
import {
  SetupError,
  cloneHash,
  isAlive,
  processMark,
  readJson,
  withLock,
  writePrivate,
} from './files.mjs'
import { connect } from './postgres-role.mjs'

/** The same server, another database. The one that the operator's URL names is never opened. */
function onServer(url, database) {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}

/** URLs on the server that `DATABASE_URL` names; refuses one that cannot be used. */
export async function externalServer(url) {
  let client
  try {
    client = await connect(onServer(url, 'postgres'))
    const found = await client.query(
      'select rolcreatedb or rolsuper as can from pg_roles where rolname = current_user',
    )
    if (!found.rows[0]?.can) {
      throw new Error('its role may not create databases (alter role … createdb)')
    }
  } catch (error) {
    throw new SetupError(
      `The server in DATABASE_URL cannot be used: ${error.message || error.code}. Mend DATABASE_URL or unset it to use the embedded PostgreSQL.`,
    )
  } finally {
    await client?.end()
  }
  return (database) => onServer(url, database)
}

/** Prefix of all databases that this clone makes for `purpose`, so that two clones share one server in peace. */
export const databasePrefix = (root, purpose) => `crosscharge_${purpose}_${cloneHash(root)}_`

/**
 * Makes a database for this start of the demo and drops those that earlier, dead ones have left. Their names are
 * kept in `folder`, so nothing that we have not made is ever dropped. Returns the name and what drops it.
 */
export async function demoDatabase({ root, folder, serverUrl }) {
  const file = path.join(folder, 'databases.json')
  return withLock(`${file}.lock`, () => makeDemoDatabase({ root, file, serverUrl }))
}

async function makeDemoDatabase({ root, file, serverUrl }) {
  const kept = readJson(file, [])
  const client = await connect(serverUrl('postgres'))
  try {
    const living = kept.filter((entry) => isAlive(entry))
    for (const entry of kept.filter((entry) => !isAlive(entry))) {
      await client.query(`drop database if exists "${entry.name}" with (force)`)
    }
    const name = databasePrefix(root, 'demo') + randomBytes(4).toString('hex')
    writePrivate(file, JSON.stringify([...living, { name, ...processMark() }]))
    await client.query(`create database "${name}"`)
    return name
  } finally {
    await client.end()
  }
}

/**
 * Drops what killed test runs have left: on our own server everything that tests make, on a shared one only what
 * carries this clone's prefix. Only while no other test run uses the server.
 */
export async function dropTestDatabases({ root, serverUrl, isOurServer }) {
  const prefix = isOurServer ? 'crosscharge_' : databasePrefix(root, 'test')
  const client = await connect(serverUrl('postgres'))
  try {
    const found = await client.query(
      'select datname from pg_database where starts_with(datname, $1)',
      [prefix],
    )
    for (const { datname } of found.rows) {
      await client.query(`drop database if exists "${datname}" with (force)`)
    }
  } finally {
    await client.end()
  }
}

/** Makes the database of `npm start` on the embedded server unless it is there; `beforeMaking` runs just before. */
export async function ensureDatabase({ serverUrl, name, beforeMaking }) {
  const client = await connect(serverUrl('postgres'))
  try {
    const found = await client.query('select from pg_database where datname = $1', [name])
    if (found.rowCount > 0) return
    await beforeMaking()
    await client.query(`create database "${name}"`)
  } finally {
    await client.end()
  }
}
