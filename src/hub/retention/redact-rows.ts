import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { cut } from './redact-cdrs.ts'
import { isRedacted, redactText, redactValue, redactWords, replacementsOf } from './redact.ts'
import type { Hasher } from './redact.ts'

type Slice = { before: Date; limit: number; hash: Hasher }

/** How far a kind has come whose rows are old in the order of their ids. */
async function markOf(tx: Tx, kind: string): Promise<bigint> {
  const [row] = await tx.rows<{ last_id: bigint }>(sql`
    select last_id from retention_marks where kind = ${kind} for update`)
  return row?.last_id ?? 0n
}

async function setMark(tx: Tx, kind: string, lastId: bigint): Promise<void> {
  await tx.rows(sql`
    insert into retention_marks (kind, last_id) values (${kind}, ${lastId.toString()}::bigint)
    on conflict (kind) do update set last_id = excluded.last_id`)
}

/** The rows at the beginning that are old enough: one that is not ends them. */
function oldOnes<Row extends { id: bigint; at: Date }>(rows: readonly Row[], before: Date): Row[] {
  const young = rows.findIndex(({ at }) => at >= before)
  return young < 0 ? [...rows] : rows.slice(0, young)
}

/** Erases the texts of messages about sessions; their hashes, states and registers stay. Returns how many. */
export async function eraseSteps(tx: Tx, { before, limit }: Slice): Promise<number> {
  const mark = await markOf(tx, 'session_steps')
  const rows = await tx.rows<{ id: bigint; at: Date }>(sql`
    select id, at from session_steps where id > ${mark.toString()}::bigint order by id limit ${limit}`)
  const old = oldOnes(rows, before)
  const last = old.at(-1)
  if (!last) return 0
  await tx.rows(sql`
    update session_steps set body = '' where id > ${mark.toString()}::bigint and id <= ${last.id.toString()}::bigint`)
  await setMark(tx, 'session_steps', last.id)
  return old.length
}

/** Hashes the cards of authorisations and commands. Returns how many. */
export async function redactAuthorizations(
  tx: Tx,
  { before, limit, hash }: Slice,
): Promise<number> {
  const mark = await markOf(tx, 'authorizations')
  const rows = await tx.rows<{ id: bigint; at: Date; emsp: string; token_key: string }>(sql`
    select id, at, emsp, token_key from authorizations where id > ${mark.toString()}::bigint order by id limit ${limit}`)
  const old = oldOnes(rows, before)
  const last = old.at(-1)
  if (!last) return 0
  const keys = old.map(({ emsp, token_key: key }) => {
    const [uid, type] = cut(key)
    return `${hash('uid', emsp, uid)}|${type}`
  })
  await tx.rows(sql`
    update authorizations a set token_key = t.token_key
    from unnest(${old.map(({ id }) => id.toString())}::bigint[], ${keys}::text[]) as t (id, token_key)
    where a.id = t.id`)
  await setMark(tx, 'authorizations', last.id)
  return old.length
}

type Session = {
  owner: string
  object_key: string
  audience: string
  original: string
  value: unknown
}

/** Hashes the cards of sessions that nobody has written of since `before`. Locks them as pushes do. Returns how many. */
export async function redactSessions(tx: Tx, { before, limit, hash }: Slice): Promise<number> {
  const rows = await tx.rows<Session>(sql`
    select owner, object_key, audience, original, value from objects
    where module = 'sessions' and redacted_at is null and last_updated < ${before}
    order by last_updated limit ${limit} for update skip locked`)
  if (rows.length === 0) return 0
  const after = rows.map(({ audience, original, value }) => {
    const replacements = replacementsOf(value, { party: audience, hash })
    return {
      original: redactText(original, replacements),
      value: JSON.stringify(redactValue(value, replacements)),
    }
  })
  await tx.rows(sql`
    update objects o set original = t.original, value = t.value, redacted_at = clock_timestamp()
    from unnest(${rows.map((o) => o.owner)}::text[], ${rows.map((o) => o.object_key)}::text[],
      ${rows.map((o) => o.audience)}::text[], ${after.map((o) => o.original)}::text[],
      ${after.map((o) => o.value)}::jsonb[]) as t (owner, object_key, audience, original, value)
    where o.module = 'sessions' and o.owner = t.owner and o.object_key = t.object_key and o.audience = t.audience`)
  return rows.length
}

type Owned = {
  id: bigint
  receiver: string
  value: unknown
  token_uid: string | null
  contract_key: string | null
}

/** Hashes the cards in the eMSPs' own records, and drops their earlier revisions. Returns how many. */
export async function redactRecords(tx: Tx, { before, limit, hash }: Slice): Promise<number> {
  const rows = await tx.rows<Owned>(sql`
    select id, receiver, value, token_uid, contract_key from emsp_records
    where (redacted_at is null or redacted_at < received_at) and received_at < ${before} order by id limit ${limit} for update skip locked`)
  if (rows.length === 0) return 0
  const after = rows.map((row) => {
    const party = row.receiver
    const uid = row.token_uid === null ? null : hash('uid', party, row.token_uid)
    const contract = row.contract_key === null ? null : hash('contract', party, row.contract_key)
    const replacements = [
      ...replacementsOf(row.value, { party, hash }),
      ...(row.token_uid === null || uid === null ? [] : [{ id: row.token_uid, by: uid }]),
      ...(row.contract_key === null || contract === null
        ? []
        : [{ id: row.contract_key, by: contract }]),
    ].filter(({ id }) => !isRedacted(id))
    const value = isRecord(row.value) ? redactValue(row.value, replacements) : row.value
    return { uid, contract, value: redactWords(JSON.stringify(value), replacements) }
  })
  const ids = rows.map(({ id }) => id.toString())
  await tx.rows(sql`
    update emsp_records r set value = t.value, token_uid = t.uid, contract_key = t.contract, redacted_at = clock_timestamp()
    from unnest(${ids}::bigint[], ${after.map(({ value }) => value)}::jsonb[], ${after.map(({ uid }) => uid)}::text[],
      ${after.map(({ contract }) => contract)}::text[]) as t (id, value, uid, contract)
    where r.id = t.id`)
  await tx.rows(sql`delete from emsp_record_revisions where record_id = any(${ids}::bigint[])`)
  return rows.length
}
