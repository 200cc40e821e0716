import { isRecord } from '../../clearing/read.ts'
import { attribute } from '../../pricing/attribution.ts'
import { COST_ITEMS, QUANTITY_ITEMS } from '../../pricing/claims.ts'
import type { PricingOptions } from '../../pricing/types.ts'
import type { VerifyCase } from './cases.ts'

/** Why a figure that is not ours came about: `about` names whose it is, `codes` the explanations that hit it exactly. */
export type Cause = {
  readonly about: 'expected' | 'claimed' | 'spec_internal_conflict'
  readonly codes: readonly string[]
  readonly sentence: string
}

type Fields = Readonly<Record<string, unknown>>

const QUANTITIES = QUANTITY_ITEMS.map(({ item }) => item)

/**
 * Attribution of what a case states and we do not compute: its expected total where that differs, and the amounts that
 * it quotes beside (`claimed` by the CDR, `spec_internal_conflict` of a table with its own text).
 */
export function causesOf(
  one: VerifyCase,
  { options, isDifferent }: { options: PricingOptions; isDifferent: boolean },
): readonly Cause[] {
  const conflict = one.expected['spec_internal_conflict']
  const quoted = isRecord(conflict) ? Object.values(conflict).filter(isRecord) : []
  return [
    ...(isDifferent ? causeOf('expected', one.expected, { one, options }) : []),
    ...causeOf('claimed', one.expected['claimed'], { one, options }),
    ...quoted.flatMap((figures) => causeOf('spec_internal_conflict', figures, { one, options })),
  ]
}

function causeOf(
  about: Cause['about'],
  figures: unknown,
  { one, options }: { one: VerifyCase; options: PricingOptions },
): Cause[] {
  if (!isRecord(figures) || !isRecord(one.cdr) || !statesTotal(figures)) return []
  const cdr = claimOf(one.cdr, figures)
  const { found, tried, sentence } = attribute({ cdr, tariffs: one.tariffs, options })
  // Nothing tried: there is nothing to explain, the figures are within what rounding to cents does.
  if (tried === 0) return []
  return [{ about, codes: found.map(({ code }) => code), sentence }]
}

function statesTotal(figures: Fields): boolean {
  const total = figures['total_cost'] ?? null
  return isRecord(total) ? Object.values(total).some((side) => side !== null) : total !== null
}

/** The CDR as if it claimed these costs and nothing else. */
function claimOf(cdr: Fields, figures: Fields): Fields {
  const claimed: Record<string, unknown> = { ...cdr }
  for (const name of [...COST_ITEMS, ...QUANTITIES]) delete claimed[name]
  for (const name of COST_ITEMS) if (figures[name] !== undefined) claimed[name] = figures[name]
  return claimed
}
