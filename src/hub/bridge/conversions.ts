import { limits } from '../../../config/limits.ts'
import type { Sql } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { Converted, Loss } from '../../ocpi/adapt/define.ts'
import type { Version } from '../../ocpi/version.ts'
import { raiseAlert } from '../alerts.ts'

/** What became of an object on its way to a platform of another version. */
export type NotedConversion = {
  owner: string
  key: string
  from: Version
  converted: Converted<unknown>
}

/**
 * Keeps the latest conversion of each object for a platform as far as something was lost or it could not be said; one
 * without losses takes the note back. An operator is alerted to what is newly withheld. Writes nothing when nothing is
 * new. Locks its rows in the order of their keys.
 */
export async function noteConversions(
  client: Sql,
  input: { platformId: string; module: string; to: Version; items: readonly NotedConversion[] },
): Promise<void> {
  const items = [
    ...new Map(input.items.map((item) => [`${item.owner}|${item.key}`, item])).values(),
  ]
  if (items.length === 0) return
  const withheld = await writeConversions(client, { ...input, items })
  const fresh = items.filter(({ owner, key }) =>
    withheld.some((row) => row.owner === owner && row.object_key === key),
  )
  for (const item of fresh) await alertOf(client, { ...input, item })
}

async function writeConversions(
  client: Sql,
  input: { platformId: string; module: string; to: Version; items: readonly NotedConversion[] },
): Promise<{ owner: string; object_key: string }[]> {
  const { platformId, module, to, items } = input
  return client.rows(sql`
    with given as (
      select owner, object_key, from_version, withheld, losses::jsonb as losses
      from unnest(${items.map((i) => i.owner)}::text[], ${items.map((i) => i.key)}::text[],
        ${items.map((i) => i.from)}::text[], ${items.map((i) => !i.converted.ok)}::boolean[],
        ${items.map((i) => JSON.stringify(lossesOf(i.converted)))}::text[])
        as t (owner, object_key, from_version, withheld, losses)
    ), over as (
      select c.ctid from conversions c join given g using (owner, object_key)
      where c.platform_id = ${platformId} and c.module = ${module} and g.losses = '[]'
      order by owner, object_key for update of c
    ), gone as (
      delete from conversions where ctid in (select ctid from over)
    ), noted as (
      insert into conversions
        (platform_id, module, owner, object_key, from_version, to_version, withheld, losses)
      select ${platformId}, ${module}, owner, object_key, from_version, ${to}, withheld, losses
      from given where losses <> '[]' order by owner, object_key
      on conflict (platform_id, module, owner, object_key) do update set
        from_version = excluded.from_version, to_version = excluded.to_version, withheld = excluded.withheld,
        losses = excluded.losses, at = clock_timestamp(),
        -- What can be said again is given again.
        taken_back_at = case when excluded.withheld then conversions.taken_back_at end
      where (conversions.from_version, conversions.to_version, conversions.withheld, conversions.losses)
        is distinct from (excluded.from_version, excluded.to_version, excluded.withheld, excluded.losses)
      returning owner, object_key, withheld
    )
    select owner, object_key from noted where withheld`)
}

/** The reason of what was withheld stands first. */
function lossesOf(converted: Converted<unknown>): Loss[] {
  const reason = converted.ok ? [] : [{ pointer: converted.pointer, reason: converted.reason }]
  return [...reason, ...converted.losses].slice(0, limits.conversionLossesMax)
}

async function alertOf(
  client: Sql,
  input: { platformId: string; module: string; to: Version; item: NotedConversion },
): Promise<void> {
  const { platformId, module, to, item } = input
  const { converted, owner, key } = item
  if (converted.ok) return
  if (isCreditWithheld(module, converted)) {
    return raiseAlert(client, {
      code: 'credit_not_expressible',
      severity: 'critical',
      subject: `${owner}/${key}`,
      message: `this credit CDR cannot be said in ${to}; its receiver has not got it`,
      advice:
        'Tell the receiver another way, or agree on credit_to_211 and do its outbox row again: POST /admin/v1/outbox/{id}/replay',
    })
  }
  await raiseAlert(client, {
    code: 'objects_withheld',
    severity: 'warning',
    subject: `${platformId}/${module}`,
    message: `some ${module} cannot be said in ${to}, last ${key} of ${owner}: ${converted.reason}`,
    advice: `See GET /admin/v1/conversions?platform=${platformId}&module=${module}&withheld=true`,
  })
}

function isCreditWithheld(module: string, converted: Converted<unknown>): boolean {
  return module === 'cdrs' && !converted.ok && converted.pointer.startsWith('/credit')
}
