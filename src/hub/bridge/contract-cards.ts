import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'

type Card = { owner: string; contract: string }

/** The subject under which CDRs wait for a token whose contract is all that they name. */
export function contractSubject({ owner, contract }: Card): string {
  return `contracts|${owner}|${foldKey(contract)}`
}

/** The same of objects that are written, of those that are tokens. */
export function contractSubjects(
  objects: readonly { module: string; owner: string; value: unknown }[],
): string[] {
  return objects.flatMap(({ module, owner, value }) => {
    const contract = isRecord(value) ? value.contract_id : undefined
    return module === 'tokens' && typeof contract === 'string'
      ? [contractSubject({ owner, contract })]
      : []
  })
}

type CdrOfCard = { id: bigint; receiver: string; ocpi_version: string; value: unknown }

/** The contract of a CDR of 2.1.1 that came before its token: it names no card but that. Null for every other CDR. */
export function onlyContract({ receiver, ocpi_version: version, value }: CdrOfCard): Card | null {
  const token = isRecord(value) && isRecord(value.cdr_token) ? value.cdr_token : {}
  const { uid, type, contract_id: contract } = token
  const isOnly = version === '2.1.1' && type === 'OTHER' && uid === contract
  return isOnly && typeof contract === 'string' ? { owner: receiver, contract } : null
}

/** CDR id → the key of the token that has come since, for CDRs that name a contract alone. */
export async function readCards(
  client: Sql,
  rows: readonly CdrOfCard[],
): Promise<Map<bigint, string>> {
  const asked = rows.flatMap((row) => {
    const card = onlyContract(row)
    return card ? [{ id: row.id.toString(), ...card }] : []
  })
  if (asked.length === 0) return new Map()
  const found = await client.rows<{ id: bigint; object_key: string }>(sql`
    with q as (
      select id, owner, lower(contract) as contract from unnest(${asked.map(({ id }) => id)}::bigint[],
        ${asked.map(({ owner }) => owner)}::text[], ${asked.map(({ contract }) => contract)}::text[]) as q (id, owner, contract)
    )
    select distinct on (id) id, object_key from (
      select q.id, o.object_key from q join objects o
        on o.module = 'tokens' and lower(o.value->>'contract_id') = q.contract and o.owner = q.owner
      where o.deleted_at is null
      union all
      select q.id, v.object_key from q join object_versions v on v.module = 'tokens' and v.source = 'authorize'
        and lower(v.value->>'contract_id') = q.contract and v.owner = q.owner
    ) cards order by id, object_key`)
  return new Map(found.map((row) => [row.id, row.object_key]))
}
