import type { Context } from '../../context.ts'
import { membersWith } from '../../directory/parties.ts'
import { sql } from '../../db/sql.ts'
import { foldKey, foldUpper } from '../../ocpi/primitives.ts'
import { tariffs } from '../../ocpi/modules/tariffs.ts'
import type { LintFinding } from '../../pricing/lint/types.ts'
import { mayDeal } from '../agreements.ts'
import type { PageRequest } from './paging.ts'
import { cursorParts, pageLimit, pageOf } from './paging.ts'
import type { Scope } from './scope.ts'

type Filter = PageRequest & {
  party?: string
  id?: string
  code?: string
  severity?: LintFinding['severity']
}

type Row = {
  owner: string
  object_key: string
  audience: string
  id: string
  ocpi_version: string
  is_current: boolean
  errors: number
  warnings: number
  infos: number
  findings: LintFinding[]
  at: Date
}

/**
 * A page of what was found in tariffs, by owner and id; `severity` and `code` keep those with such a finding. A party
 * sees its own tariffs, and those of others that it may have: addressed to it, or for everyone of whom it may deal with.
 */
export async function listTariffLints(context: Context, scope: Scope, filter: Filter) {
  const limit = pageLimit(filter)
  const [owner, key, audience] = cursorParts(filter, 3)
  const by = await visibleTo(context, scope)
  const party = filter.party === undefined ? null : foldUpper(filter.party)
  const id = filter.id === undefined ? null : foldKey(filter.id)
  const rows = await context.db.rows<Row>(sql`
    select l.owner, l.object_key, l.audience, coalesce(o.value->>'id', l.object_key) as id, o.ocpi_version,
      l.revision = o.revision as is_current, l.errors, l.warnings, l.infos, l.findings, l.at
    from tariff_lints l
    join objects o on o.module = 'tariffs' and o.owner = l.owner and o.object_key = l.object_key and o.audience = l.audience
    where o.deleted_at is null
      and (${owner ?? null}::text is null
        or (l.owner, l.object_key, l.audience) > (${owner ?? null}::text, ${key ?? null}::text, ${audience ?? null}::text))
      and (${party}::text is null or l.owner = ${party}) and (${id}::text is null or l.object_key = ${id})
      and (${filter.code ?? null}::text is null
        or l.findings @> jsonb_build_array(jsonb_build_object('code', ${filter.code ?? null}::text)))
      and (${filter.severity ?? null}::text is null
        or case ${filter.severity ?? null}::text when 'error' then l.errors when 'warning' then l.warnings else l.infos end > 0)
      and (${by.cpos}::text[] is null or l.owner = any(${by.cpos}::text[]) or l.audience = any(${by.emsps}::text[])
        or (l.audience = '*' and cardinality(${by.emsps}::text[]) > 0
          and (${by.partners}::text[] is null or l.owner = any(${by.partners}::text[]))))
    order by l.owner, l.object_key, l.audience limit ${limit + 1}`)
  return pageOf(rows, {
    limit,
    cursor: (row) => [row.owner, row.object_key, row.audience],
    item: asItem,
  })
}

type Visible = {
  /** null: everything is. */
  cpos: string[] | null
  emsps: string[]
  /** Whose tariffs for everyone the eMSPs may see; null: everybody's. */
  partners: string[] | null
}

async function visibleTo(context: Context, scope: Scope): Promise<Visible> {
  if (scope.kind === 'operator') return { cpos: null, emsps: [], partners: null }
  const { cpos, emsps } = scope
  const sides = { cpos: [...cpos], emsps: [...emsps] }
  const mode = context.config.agreements
  if (mode === 'open') return { ...sides, partners: null }
  const snapshot = await context.directory.snapshot()
  const at = context.clock()
  const owners = membersWith(snapshot, tariffs.ownerRoles).map((member) => member.party)
  const partners = owners.filter((cpo) =>
    emsps.some((emsp) => mayDeal({ snapshot, mode, cpo, emsp, module: 'tariffs', at })),
  )
  return { ...sides, partners }
}

function asItem(row: Row) {
  return {
    country_code: row.owner.slice(0, 2),
    party_id: row.owner.slice(3),
    id: row.id,
    receiver: row.audience === '*' ? null : row.audience,
    version: row.ocpi_version,
    is_current: row.is_current,
    linted_at: row.at.toISOString(),
    errors: row.errors,
    warnings: row.warnings,
    infos: row.infos,
    findings: row.findings,
  }
}
