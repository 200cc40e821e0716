import { withEvidence } from '../../clearing/evidence.ts'
import type { Tx } from '../../db/sql.ts'
import { attribute } from '../../pricing/attribution.ts'
import { compareCdr } from '../../pricing/compare.ts'
import type { Judged } from './clear-decide.ts'
import type { Facts } from './clear-facts.ts'
import { readNeighbours, tariffKey } from './clear-tariffs.ts'
import type { Neighbours } from './clear-tariffs.ts'

/**
 * Adds to every price that differs what else its CPO may have reckoned: the readings that reproduce the claim, and the
 * parts that differ. Only those CDRs cost anything here; the sound ones pass.
 */
export async function explainPrices(
  tx: Tx,
  judged: readonly Judged[],
  facts: Facts,
): Promise<Judged[]> {
  const wrong = judged.filter(isPricedWrong)
  if (wrong.length === 0) return [...judged]
  const neighbours = await readNeighbours(
    tx,
    wrong.map(({ row }) => row),
    facts.locations,
  )
  const explained = new Map(wrong.map((one, index) => [one, explain(one, neighbours[index])]))
  return judged.map((one) => explained.get(one) ?? one)
}

function isPricedWrong({ pricing, priced, judgement }: Judged): boolean {
  return (
    pricing !== null && priced?.ok === true && judgement.findings.some(({ code }) => code === 'P1')
  )
}

function explain(one: Judged, neighbours: Neighbours | undefined): Judged {
  const { pricing, priced, judgement, agreed } = one
  if (pricing === null || priced === null) return one
  const tolerance = agreed.terms.tolerance.cost
  const previous = instead(pricing.tariffs, neighbours?.previous)
  const next = instead(pricing.tariffs, neighbours?.next)
  const attributions = attribute({
    ...pricing,
    tolerance,
    ...(previous === null ? {} : { previousTariffs: previous }),
    ...(next === null ? {} : { nextTariffs: next }),
  })
  const { items } = compareCdr(pricing.cdr, priced, { tolerance })
  return { ...one, judgement: withEvidence(judgement, { attributions, items }) }
}

/** The tariffs with other versions in their places; null where none is known. */
function instead(
  tariffs: readonly unknown[],
  versions: ReadonlyMap<string, unknown> | undefined,
): readonly unknown[] | null {
  let isOther = false
  const list = tariffs.map((tariff) => {
    const other = versions?.get(tariffKey(tariff) ?? '')
    if (other === undefined) return tariff
    isOther = true
    return other
  })
  return isOther ? list : null
}
