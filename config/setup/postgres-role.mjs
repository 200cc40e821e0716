// The role that the hub works as, and connections to the server. The driver is loaded only when it is needed,
// because set-up begins before anything is installed.
import { createRequire } from 'node:module'
import { readJson } from './files.mjs'

/** The driver, loaded only when the packages are there. */
export async function connect(url) {
  const require = createRequire(import.meta.url)
  const { Client } = require('pg')
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    query_timeout: 60_000,
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** URL of `database` on this server for the hub's own role, which is not superuser. */
export function roleUrl(place, port, database) {
  const { crosscharge } = readJson(place.secretsFile, {})
  return `postgres://crosscharge:${crosscharge}@127.0.0.1:${port}/${database}`
}

/** Makes sure that role `crosscharge` exists: it may log in and create databases, nothing more. */
export async function ensureRole(place, port) {
  const secrets = readJson(place.secretsFile, {})
  const client = await connect(
    `postgres://postgres:${secrets.superuser}@127.0.0.1:${port}/postgres`,
  )
  try {
    const found = await client.query("select from pg_roles where rolname = 'crosscharge'")
    if (found.rowCount === 0) await client.query('create role crosscharge')
    // The password is hexadecimal, so quoting it is safe.
    await client.query(
      `alter role crosscharge login createdb nosuperuser password '${secrets.crosscharge}'`,
    )
  } finally {
    await client.end()
  }
}
