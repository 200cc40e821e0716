import type { Comparison, ComparedItem } from '../pricing/comparison.ts'
import type { ExitCode } from './exit-codes.ts'
import { EXIT } from './exit-codes.ts'
import { durationText, figureText, moneyText } from './bill-words.ts'
import { exactly } from '../clearing/decimal.ts'
import { memberWords } from '../pricing/field-words.ts'
import { table } from './show.ts'

const VERDICTS = {
  matches: 'matches',
  within_tolerance: 'within tolerance',
  differs: 'DIFFERS',
  not_compared: 'not compared',
} as const

/** Each claim beside what was computed, with its verdict. */
export function comparisonText({ items, verdict, reason }: Comparison, currency: string): string {
  const headings = ['claim', 'claimed', 'computed', 'difference', 'tolerance', 'verdict']
  const rows = items.map((item) => cellsOf(item, currency))
  const reasons = items.flatMap((item) =>
    item.reason === null ? [] : [`${itemName(item)}: ${item.reason}`],
  )
  const heads = {
    matches: 'RECONCILES: every claim is what was computed',
    within_tolerance: 'RECONCILES within the tolerance',
    differs: 'DIFFERS',
    cannot_price: 'CANNOT BE JUDGED',
  } as const
  return [
    [heads[verdict], ...(reason === null ? [] : [reason])].join('\n'),
    ...(rows.length === 0 ? [] : [table(headings, rows, headings.slice(1, -1))]),
    ...(reasons.length === 0 ? [] : [reasons.join('\n')]),
  ].join('\n\n')
}

/** What the command ends with: 0 reconciles, 1 differs, 2 cannot be priced or compared. */
export function exitCodeOf({ verdict }: Comparison): ExitCode {
  if (verdict === 'differs') return EXIT.differs
  return verdict === 'cannot_price' ? EXIT.cannot : EXIT.ok
}

function itemName({ item, side, rate }: ComparedItem): string {
  if (item === 'total_cost.taxes')
    return `taxes${rate === null ? '' : ` of ${figureText(rate)} %`} (${item})`
  const words = memberWords(item)
  return side === null ? words : `${words} ${side === 'excl' ? 'before' : 'after'} taxes`
}

function cellsOf(item: ComparedItem, currency: string): string[] {
  const figure = (value: string | null): string => {
    if (value === null) return '-'
    if (item.unit === 'money') return `${moneyText(value, currency)} ${currency}`.trim()
    return item.unit === 'kwh' ? `${figureText(value)} kWh` : durationText(exactly(value))
  }
  const { claimed, computed, difference, tolerance } = item
  const figures = [claimed, computed, difference, tolerance].map(figure)
  return [itemName(item), ...figures, VERDICTS[item.verdict]]
}
