import type { Attributions } from '../pricing/attribution.ts'
import type { ComparedItem } from '../pricing/comparison.ts'

/**
 * What stands behind a price that differs. `sentence`: what its CPO seems to have reckoned, in words. `readings`: each
 * one that reproduces the claim, with the total it leads to, in units of the currency. `parts`: every figure of the CDR
 * that differs from ours. `is_complete` false: the CDR is so large that not every reading was tried.
 */
export type Evidence = {
  sentence: string
  readings: { code: string; sentence: string; excl: string | null; incl: string | null }[]
  parts: { pointer: string; side: 'excl' | 'incl' | null; claimed: string; computed: string }[]
  is_complete: boolean
}

/** The evidence for a claim: the likeliest readings first, as many as a person reads. */
export function evidenceOf(
  attributions: Attributions,
  { items, readingsMax }: { items: readonly ComparedItem[]; readingsMax: number },
): Evidence {
  return {
    sentence: attributions.sentence,
    readings: attributions.found.slice(0, readingsMax).map(({ code, sentence, total }) => ({
      code,
      sentence,
      excl: total.excl,
      incl: total.incl,
    })),
    parts: items.flatMap(({ verdict, pointer, side, claimed, computed }) =>
      verdict !== 'differs' || claimed === null || computed === null
        ? []
        : [{ pointer, side, claimed, computed }],
    ),
    is_complete: attributions.isComplete,
  }
}
