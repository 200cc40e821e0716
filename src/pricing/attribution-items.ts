import type { ComparedItem, Comparison } from './comparison.ts'
import { memberWords } from './field-words.ts'
import { amountText, decimalsOf, figureOf, minorDigits, roundHalfUp } from './figures.ts'

/** 'open': a side of it differs, however little; 'closed': all that could be compared match; 'unknown': nothing was compared. */
export function stateOf({ items }: Comparison, name: string): 'open' | 'closed' | 'unknown' {
  const compared = items.filter(({ item, verdict }) => item === name && verdict !== 'not_compared')
  if (compared.length === 0) return 'unknown'
  return compared.every((one) => one.verdict === 'matches' || isMetAsPrinted(one))
    ? 'closed'
    : 'open'
}

/** Just below half a cent: 48.58497 that is printed as 48.5850 is the same amount, though its cents are not. */
function isMetAsPrinted({ unit, claimed, computed }: ComparedItem): boolean {
  if (unit !== 'money' || claimed === null || computed === null) return false
  const figure = figureOf(claimed)
  const decimals = decimalsOf(figure)
  return decimals > CENT_DECIMALS && roundHalfUp(figureOf(computed), decimals) === figure
}

const CENT_DECIMALS = 2

/** A side of the total that could be compared before and cannot any more is no explanation of it. */
export function losesTotal(before: Comparison, after: Comparison): boolean {
  return totalsOf(before).some((side) => !totalsOf(after).includes(side))
}

function totalsOf({ items }: Comparison): readonly ComparedItem['side'][] {
  return items.flatMap(({ item, side, verdict }) =>
    item === 'total_cost' && verdict !== 'not_compared' ? [side] : [],
  )
}

export function isQuantity({ items }: Comparison, name: string): boolean {
  return items.some(({ item, unit }) => item === name && unit !== 'money')
}

/** True when the total is met at all decimals that the claim shows, not just at those of the currency. */
export function isToPrintedDigits({ items }: Comparison, digits: number): boolean {
  return items.every(({ item, claimed, computed }) => {
    if (item !== 'total_cost' || claimed === null || computed === null) return true
    const figure = figureOf(claimed)
    const decimals = Math.max(decimalsOf(figure), digits)
    return roundHalfUp(figureOf(computed), decimals) === figure
  })
}

/** "Your total is reproduced to the cent if …": what is explained by which causes, and what is not. */
export function attributionSentence({
  causes,
  explains,
  remaining,
  currency,
}: {
  causes: readonly string[]
  explains: readonly string[]
  remaining: readonly string[]
  currency: string
}): string {
  const isTotal = explains.includes('total_cost')
  const subject = isTotal
    ? 'total is'
    : `${listed(explains.map(itemWords))} ${explains.length === 1 ? 'is' : 'are'}`
  const isAmount = explains.some((item) => item.endsWith('_cost'))
  const how = !isAmount ? '' : minorDigits(currency) === 2 ? ' to the cent' : ' to the last digit'
  const rest = remaining.length === 1 ? 'differs' : 'differ'
  const still =
    remaining.length === 0 ? '' : ` Then your ${listed(remaining.map(itemWords))} still ${rest}.`
  return `Your ${subject} reproduced${how} if ${causes.join(', and ')}.${still}`
}

/** What is said when nothing explains the claim. */
export function nothingFoundSentence({
  before,
  currency,
}: {
  before: Comparison
  currency: string
}): string {
  const open = before.items.filter(
    ({ verdict }) => verdict === 'differs' || verdict === 'within_tolerance',
  )
  const total = open.find(({ item }) => item === 'total_cost')
  if (total === undefined || total.claimed === null || total.computed === null)
    return 'No known reading reproduces the figures that differ.'
  const [claimed, computed] = [total.claimed, total.computed].map((text) =>
    amountText(figureOf(text), currency),
  )
  return `No known reading reproduces your total of ${claimed}; it should be ${computed}.`
}

/** `total_cost.taxes` is what the total says of its taxes. */
function itemWords(item: string): string {
  return item === 'total_cost.taxes' ? 'taxes (total_cost)' : memberWords(item)
}

function listed(names: readonly string[]): string {
  return names.length < 2
    ? (names[0] ?? '')
    : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
}
