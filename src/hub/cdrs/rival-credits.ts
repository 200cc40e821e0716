import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import type { CdrRow } from './clear-facts.ts'
import type { Judged } from './clear-decide.ts'
import { planVerb } from './clear-plan.ts'
import type { Transition } from './transition.ts'

/**
 * Other credits of the originals that these are of: those that are held, and those that nobody has judged yet and that came
 * earlier. What came earlier is judged with these, so that it comes first whichever job runs first. Under the locks of
 * their subjects no other becomes one; their rows are not locked yet.
 */
export async function readRivalCredits(
  tx: Tx,
  rows: readonly CdrRow[],
): Promise<{ id: bigint; currency: string; is_earlier: boolean }[]> {
  const credits = rows.filter((row) => row.is_credit && row.original_key !== null)
  if (credits.length === 0) return []
  return tx.rows(sql`
    select c.id, c.currency, bool_or(c.id < q.id) as is_earlier
    from unnest(${credits.map(({ id }) => id.toString())}::bigint[], ${credits.map(({ owner }) => owner)}::text[],
      ${credits.map((c) => c.original_key)}::text[]) as q (id, owner, original_key)
    join cdrs c on c.owner = q.owner and c.original_key = q.original_key and c.is_credit and c.id <> q.id
    join cdr_states s on s.cdr_id = c.id
    where s.state = 'held' or (c.id < q.id and s.state in ('received', 'unmatched', 'orphan_credit'))
    group by c.id, c.currency`)
}

/**
 * Of several credits of one original in a batch the first that is right takes it back. `later`: the others see the outcome
 * next time; one that is held because it is wrong gives way to it and is in neither, and neither is the original.
 */
export function onePerOriginal(all: readonly Judged[]): { judged: Judged[]; later: Judged[] } {
  const first = firstRight(all)
  const loses = ({ row, original }: Judged): boolean =>
    original !== null && first.has(original.id) && first.get(original.id)?.row !== row
  return {
    judged: all.filter((one) => !loses(one) && !first.has(one.row.id)),
    later: all.filter(
      (one) => loses(one) && (one.row.state !== 'held' || one.judgement.verdict === 'clear'),
    ),
  }
}

/**
 * What becomes of held credits whose original is taken back by a right one: they go back, but for those that are judged
 * again. `rows` are locked.
 */
export function planSuperseded(
  rows: readonly CdrRow[],
  { judged, later }: { judged: readonly Judged[]; later: readonly Judged[] },
): Transition[] {
  const again = new Set(later.map(({ row }) => row.id))
  return [...firstRight(judged).values()].flatMap((right) =>
    rows
      .filter((row) => row.is_credit && row.state === 'held' && row.id !== right.row.id)
      .filter(({ id }) => !again.has(id))
      .filter(({ owner, original_key: key }) => `${owner} ${key}` === originalOf(right.row))
      .map((row) =>
        planVerb(row, {
          verb: 'return',
          reasonCode: `superseded by ${right.row.cdr_id}`,
          contestUntil: null,
        }),
      ),
  )
}

function originalOf({ owner, original_key: key }: CdrRow): string {
  return `${owner} ${key}`
}

/** By original: the first credit that is its exact opposite. */
function firstRight(all: readonly Judged[]): Map<bigint, Judged> {
  const first = new Map<bigint, Judged>()
  for (const one of all) {
    const { original, judgement } = one
    if (original === null || judgement.verdict !== 'clear' || first.has(original.id)) continue
    first.set(original.id, one)
  }
  return first
}
