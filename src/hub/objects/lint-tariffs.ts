import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { dropNulls } from '../../ocpi/validate.ts'
import { appendOutbox, finishOutbox } from '../../outbox/outbox.ts'
import type { OutboxEntry, OutboxRow } from '../../outbox/outbox.ts'
import { lintTariff } from '../../pricing/lint/lint.ts'
import type { LintFinding } from '../../pricing/lint/types.ts'
import { versionOf } from '../bridge/bridge.ts'

/** Grows when the rules change: every tariff is looked at again then. */
const RULES = 1

/** The work that follows when tariffs of these owners were written: one row for each owner, however many there were. */
export function lintEntries(objects: readonly { module: string; owner: string }[]): OutboxEntry[] {
  const owners = objects.filter(({ module }) => module === 'tariffs').map(({ owner }) => owner)
  return [...new Set(owners)].map((owner) => ({ kind: 'lint', subject: owner }))
}

type Stale = {
  object_key: string
  audience: string
  revision: bigint
  ocpi_version: string
  original: string
}

type Linted = Stale & { findings: readonly LintFinding[] }

/**
 * Looks at the tariffs of an owner (the row's subject) that have changed since they were last looked at, as they were
 * sent, some at a time. No tariff is refused for what is found; both who use it can read it.
 */
export async function lintTariffs(context: Context, row: OutboxRow): Promise<void> {
  const owner = row.subject
  const stale = await readStale(context.db, owner)
  const at = context.clock().getTime()
  const linted = stale.map((tariff): Linted => {
    const version = versionOf(tariff.ocpi_version)
    const value = dropNulls(JSON.parse(tariff.original))
    return { ...tariff, findings: lintTariff(value, { version, at }) }
  })
  await context.db.transaction(async (tx) => {
    await writeLints(tx, { owner, linted })
    await finishOutbox(tx, { ids: [row.id], outcome: 'done' })
    if (stale.length === limits.lintedAtOnce) await appendOutbox(tx, lintEntries([tariffOf(owner)]))
  })
}

/** Makes work of tariffs that were stored before there were lints, or before these rules. */
export async function scheduleLints(client: Sql): Promise<void> {
  await client.rows(sql`
    insert into outbox (kind, subject)
    select distinct 'lint', o.owner from objects o
    left join tariff_lints l using (owner, object_key, audience)
    where o.module = 'tariffs' and o.deleted_at is null
      and (l.revision is distinct from o.revision or l.rules is distinct from ${RULES})
      -- What was given up waits for a person.
      and not exists (select 1 from outbox f where f.kind = 'lint' and f.subject = o.owner and f.outcome = 'failed')
    order by 2
    on conflict (kind, platform_id, subject) where finished_at is null and enqueued_at is null do nothing`)
}

function tariffOf(owner: string) {
  return { module: 'tariffs', owner }
}

async function readStale(client: Sql, owner: string): Promise<Stale[]> {
  return client.rows<Stale>(sql`
    select object_key, audience, o.revision, o.ocpi_version, o.original from objects o
    left join tariff_lints l using (owner, object_key, audience)
    where o.module = 'tariffs' and o.owner = ${owner} and o.deleted_at is null
      and (l.revision is distinct from o.revision or l.rules is distinct from ${RULES})
    order by object_key, audience limit ${limits.lintedAtOnce}`)
}

/** All of them, or the worst: the numbers beside them count the others too. */
function keptOf({ findings }: Linted): readonly LintFinding[] {
  if (findings.length <= limits.lintFindingsKeptMax) return findings
  const rank = { error: 0, warning: 1, info: 2 }
  return findings
    .toSorted((a, b) => rank[a.severity] - rank[b.severity])
    .slice(0, limits.lintFindingsKeptMax)
}

/** Whoever is slower never writes over what was found in a newer version. */
async function writeLints(
  tx: Tx,
  { owner, linted }: { owner: string; linted: readonly Linted[] },
): Promise<void> {
  if (linted.length === 0) return
  const counts = (severity: LintFinding['severity']): number[] =>
    linted.map(({ findings }) => findings.filter((one) => one.severity === severity).length)
  await tx.rows(sql`
    insert into tariff_lints (owner, object_key, audience, revision, rules, findings, errors, warnings, infos)
    select ${owner}, object_key, audience, revision, ${RULES}, findings, errors, warnings, infos
    from unnest(${linted.map((l) => l.object_key)}::text[], ${linted.map((l) => l.audience)}::text[],
      ${linted.map((l) => l.revision.toString())}::bigint[],
      ${linted.map((l) => JSON.stringify(keptOf(l)))}::jsonb[],
      ${counts('error')}::int[], ${counts('warning')}::int[], ${counts('info')}::int[])
      as t (object_key, audience, revision, findings, errors, warnings, infos)
    order by object_key, audience
    on conflict on constraint tariff_lints_natural_key do update set
      revision = excluded.revision, rules = excluded.rules, findings = excluded.findings, errors = excluded.errors,
      warnings = excluded.warnings, infos = excluded.infos, at = clock_timestamp()
      where tariff_lints.revision <= excluded.revision`)
}
