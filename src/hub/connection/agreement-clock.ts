import { limits } from '../../../config/limits.ts'
import type { Context } from '../../context.ts'
import { sql } from '../../db/sql.ts'
import { announcePairs } from './announce.ts'

const MARK = 'agreements'

/**
 * Tells who may deal with whom now, where an agreement began or ended by itself since the last look. Judged by the
 * process's clock, as agreements are everywhere, a moment late so that every process agrees that it is so. With
 * `AGREEMENTS=open` nobody's view changes, and nothing is looked at.
 */
export async function announceByClock(context: Context): Promise<void> {
  if (context.config.agreements === 'open') return
  const until = new Date(context.clock().getTime() - limits.agreementSettleMs)
  await context.db.transaction(async (tx) => {
    // Locks the mark: of two sweeps one sees what is between. The first look ever has nothing before it.
    const [mark] = await tx.rows<{ at: Date }>(sql`
      select at from clock_marks where name = ${MARK} for update`)
    await tx.rows(sql`
      insert into clock_marks (name, at) values (${MARK}, ${until})
      on conflict (name) do update set at = greatest(clock_marks.at, excluded.at)`)
    if (!mark) return
    const pairs = await tx.rows<{ cpo: string; emsp: string }>(sql`
      select distinct cpo, emsp from agreements
      where (valid_from > ${mark.at} and valid_from <= ${until}) or (valid_to > ${mark.at} and valid_to <= ${until})`)
    await announcePairs(tx, pairs)
  })
}
