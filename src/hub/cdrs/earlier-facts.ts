import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import type { CdrRow, Facts } from './clear-facts.ts'

type Named = { owner: string; cdrId: string }

/**
 * The same facts without CDRs that came after the one they are held against: it was judged before they were there, and
 * what replaces a CDR is no second one of its session. The credited original is of before by itself.
 */
export async function withoutLater(tx: Tx, rows: readonly CdrRow[], facts: Facts): Promise<Facts> {
  const named = rows.flatMap((row) => namedBy(row, facts))
  const ids = await readIds(tx, named)
  const isEarlier = (row: CdrRow, other: Named): boolean => {
    const id = ids.get(keyOf(other))
    return id === undefined || id < row.id
  }
  const sameSession = new Map(facts.sameSession)
  const overlapping = new Map(facts.overlapping)
  const known = new Map(facts.known)
  for (const row of rows) {
    const own = facts.sameSession.get(row.id) ?? []
    sameSession.set(
      row.id,
      own.filter(({ cdrId }) => isEarlier(row, { owner: row.owner, cdrId })),
    )
    overlapping.set(
      row.id,
      (facts.overlapping.get(row.id) ?? []).filter((other) => isEarlier(row, other)),
    )
    const all = facts.known.get(row.id)
    if (all?.rivals === undefined) continue
    const earlier = <R extends Named>(others: readonly R[]): R[] =>
      others.filter((other) => isEarlier(row, other))
    const { similar, neighbours, sameConnector } = all.rivals
    const rivals = {
      ...all.rivals,
      similar: earlier(similar),
      neighbours: earlier(neighbours),
      sameConnector: earlier(sameConnector),
    }
    const same = all.meter?.same ?? null
    const isLater = same !== null && !isEarlier(row, { owner: row.owner, cdrId: same.cdrId })
    const meter = isLater && all.meter ? { meter: { ...all.meter, same: null } } : {}
    known.set(row.id, { ...all, rivals, ...meter })
  }
  return { ...facts, sameSession, overlapping, known }
}

function namedBy(row: CdrRow, facts: Facts): Named[] {
  const { rivals, meter } = facts.known.get(row.id) ?? {}
  return [
    ...(facts.sameSession.get(row.id) ?? []).map(({ cdrId }) => ({ owner: row.owner, cdrId })),
    ...(facts.overlapping.get(row.id) ?? []),
    ...(rivals ? [...rivals.similar, ...rivals.neighbours, ...rivals.sameConnector] : []),
    ...(meter?.same ? [{ owner: row.owner, cdrId: meter.same.cdrId }] : []),
  ]
}

function keyOf({ owner, cdrId }: Named): string {
  return `${owner}/${foldKey(cdrId)}`
}

async function readIds(tx: Tx, named: readonly Named[]): Promise<Map<string, bigint>> {
  const distinct = [...new Map(named.map((each) => [keyOf(each), each])).values()]
  if (distinct.length === 0) return new Map()
  const rows = await tx.rows<{ id: bigint; owner: string; cdr_key: string }>(sql`
    select id, owner, cdr_key from cdrs
    join unnest(${distinct.map(({ owner }) => owner)}::text[], ${distinct.map(({ cdrId }) => foldKey(cdrId))}::text[])
      as k (owner, cdr_key) using (owner, cdr_key)`)
  return new Map(rows.map(({ id, owner, cdr_key: key }) => [`${owner}/${key}`, id]))
}
