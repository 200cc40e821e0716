import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import { findBias } from './bias.ts'
import { fillFigures } from './fill-figures.ts'
import { noticeMissing } from './missing.ts'

const FILL_MS = 10_000

/**
 * What is looked at from time to time: what is missing, patterns of small differences, and once a month everything that
 * began in the month before. PostgreSQL remembers when it was last done, so it is done once, by whichever worker.
 * Nothing is said to be missing before the CDRs of an older version can be compared.
 */
export async function lookAround(context: Context): Promise<void> {
  if (!(await fillFigures(context, { budgetMs: FILL_MS }))) return
  if (await isDue(context, { name: 'missing', everyMs: limits.noticeIntervalMs }))
    await noticeMissing(context)
  if (await isDue(context, { name: 'bias', everyMs: limits.biasIntervalMs })) {
    const to = context.clock()
    await findBias(context, { from: new Date(to.getTime() - limits.biasBackMs), to })
  }
  await orderMonthly(context)
}

async function isDue(
  context: Pick<Context, 'db'>,
  { name, everyMs }: { name: string; everyMs: number },
): Promise<boolean> {
  const rows = await context.db.rows(sql`
    insert into clock_marks as known (name, at) values (${`look:${name}`}, clock_timestamp())
    on conflict (name) do update set at = excluded.at
      where known.at <= clock_timestamp() - ${everyMs}::float8 * interval '1 millisecond'
    returning name`)
  return rows.length > 0
}

/** Ten days after the end of a month, when what comes late has come. An installation of this month has none to look at. */
async function orderMonthly({ db }: Pick<Context, 'db'>): Promise<void> {
  await db.rows(sql`
    with month as (
      select date_trunc('month', clock_timestamp() at time zone 'UTC' - interval '10 days') - interval '1 month' as begun
    ), due as (
      insert into reconciliations (from_at, to_at, asked_by)
      select begun at time zone 'UTC', (begun + interval '1 month') at time zone 'UTC', 'hub' from month
      where exists (select 1 from cdr_figures where started_at < (begun + interval '1 month') at time zone 'UTC'
          and started_at >= begun at time zone 'UTC')
        and not exists (select 1 from reconciliations where asked_by = 'hub' and from_at = begun at time zone 'UTC')
      returning id
    ) insert into outbox (kind, subject) select 'reconcile', id::text from due on conflict do nothing`)
}
