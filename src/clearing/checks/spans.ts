import { limits } from '../../../config/limits.ts'
import { cutPeriods } from '../../pricing/cut-periods.ts'
import { priceCdr } from '../../pricing/price.ts'
import { costTolerance, moneyText } from '../compare.ts'
import { absolute, exactly, textOf } from '../decimal.ts'
import type { Draft, DraftInput } from '../findings.ts'
import type { Case } from '../input.ts'

/**
 * P6: the price changes within a charging period, which was billed as a whole by its start though its sender had to cut it
 * there. What it would be with the energy spread evenly is an estimate, so nothing is held for it.
 */
export function checkSpans(subject: Case): readonly Draft[] {
  const { facts, input } = subject
  const { priced, pricing } = input
  if (!pricing || priced?.ok !== true || priced.total.excl === null) return []
  const spans = priced.notes?.find(({ code }) => code === 'period_spans_price_change')
  if (spans === undefined) return []
  const cut = cutPeriods(pricing.cdr, limits.cutPeriodsMax)
  if (cut === null) return []
  const other = priceCdr(cut, pricing.tariffs, pricing.options)
  if (!other.ok || other.total.excl === null) return []
  const fair = exactly(other.total.excl)
  const apart = facts.total.excl - fair
  if (absolute(apart) <= costTolerance(subject, fair)) return []
  const [claim, estimate] = [moneyText(subject, facts.total.excl), moneyText(subject, fair)]
  const what = `The price of the tariff changes within a charging period, which should have been cut there and is billed as a whole by its start: ${claim}. With the energy and time of the period spread evenly it would be about ${estimate}.`
  const inputs: DraftInput[] = [
    { field: spans.pointer, source: 'cdr', value: 'runs across a change of price' },
    { field: '/total_cost/excl_vat', source: 'cdr', value: textOf(facts.total.excl) },
    { field: '/total/excl', source: 'pricing', value: other.total.excl },
  ]
  return [
    {
      code: 'P6',
      inputs,
      words: { what },
      unit: facts.currency,
      risk: { net: 0n, tax: null },
      milder: apart > 0n ? 'W' : 'I',
      confidence: 'medium',
      steps: [`${claim} − ${estimate} = ${moneyText(subject, apart)}`],
    },
  ]
}
