import type { Attributions } from '../pricing/attribution.ts'
import type { ComparedItem } from '../pricing/comparison.ts'
import type { Finding, FindingInput } from './findings.ts'
import type { Judgement } from './judge.ts'

/**
 * A judgement whose P1 also says why: the sentence of what reproduces the claim, each such reading with the total it
 * leads to, and the parts of the CDR that differ from ours. Verdict and code stay as they are.
 */
export function withEvidence(
  judgement: Judgement,
  evidence: { attributions: Attributions; items: readonly ComparedItem[] },
): Judgement {
  const findings = judgement.findings.map((finding) =>
    finding.code === 'P1' ? explained(finding, evidence) : finding,
  )
  return { ...judgement, findings }
}

function explained(
  finding: Finding,
  { attributions, items }: { attributions: Attributions; items: readonly ComparedItem[] },
): Finding {
  const isFound = attributions.found.length > 0
  const message = isFound ? `${finding.message} ${attributions.sentence}` : finding.message
  return {
    ...finding,
    message,
    inputs: [
      ...finding.inputs,
      ...items.flatMap((item) => inputsOf(item, finding)),
      ...attributions.found.map(({ code, total }) => ({
        field: `attribution/${code}`,
        source: 'pricing' as const,
        value: total.excl ?? total.incl,
      })),
    ],
  }
}

/** Both figures of a part that differs; what the finding compares stands there already. */
function inputsOf(item: ComparedItem, finding: Finding): FindingInput[] {
  const isKnown = finding.inputs.some(({ field }) => field === item.pointer)
  if (item.verdict !== 'differs' || isKnown) return []
  const side = item.side === null ? '' : `/${item.side}`
  return [
    { field: item.pointer, source: 'cdr', value: item.claimed },
    { field: `/${item.item}${side}`, source: 'pricing', value: item.computed },
  ]
}
