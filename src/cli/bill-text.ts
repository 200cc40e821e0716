import { exactly, multiply, textOf } from '../clearing/decimal.ts'
import type { PricingPolicy } from '../pricing/policy.ts'
import type { Money, PricedBill, PricedSegment, TaxLine } from '../pricing/types.ts'
import {
  clockOf,
  figureText,
  moneyText,
  nameOf,
  periodTimes,
  quantityText,
  spanText,
  stepOf,
  unitPriceText,
} from './bill-words.ts'
import type { PricingInput } from './pricing-input.ts'
import { printable, table } from './show.ts'

const HEADINGS = ['what', 'when', 'tariff', 'measured', 'billed', 'price', 'VAT', 'net', 'gross']
const RIGHT = ['measured', 'billed', 'price', 'VAT', 'net', 'gross']

/** A bill as a driver can follow it: its lines in local time, what rounding and limits added, taxes and the total. */
export function billText(bill: PricedBill, { cdr, tariffs, options }: PricingInput): string {
  const { currency } = bill
  const clock = clockOf(bill.timeZone.name)
  const times = periodTimes(cdr)
  const rows = bill.segments.map((segment) => [
    nameOf(segment),
    spanText(times[segment.period], clock),
    // Which component it was, for whoever has the tariff at hand.
    `${segment.tariffId} ${segment.element}/${segment.component}`,
    quantityText(segment, segment.measured),
    quantityText(segment, segment.billed),
    unitPriceText(segment, currency),
    segment.vat === null ? '-' : `${figureText(segment.vat)} %`,
    moneyText(segment.excl, currency),
    moneyText(segment.incl, currency),
  ])
  const sums = [
    ...sumRows({ label: limitName(bill.clamp), amount: bill.clamp, currency }),
    ...sumRows({ label: roundingName(options.policy), amount: bill.rounding, currency }),
    sumRow({ label: `total ${currency}`, amount: bill.total, currency }),
  ]
  return [
    headText(bill, clock.name),
    table(HEADINGS, [...rows, ...sums], RIGHT),
    ...lines(stepTexts(bill.segments, tariffs)),
    ...lines(taxTexts(bill.taxes, currency)),
    ...lines(noteTexts(bill)),
  ].join('\n\n')
}

function lines(texts: readonly string[]): string[] {
  return texts.length === 0 ? [] : [texts.map(printable).join('\n')]
}

function headText({ policy, timeZone }: PricedBill, shownIn: string): string {
  const origins = {
    given: 'as given',
    cdr_location: 'from the location in the CDR',
    country: "the only one of the location's country",
    none: 'the zone of the location is not known',
  } as const
  return `Times are ${shownIn} (${origins[timeZone.source]}); priced by policy ${policy.name} version ${policy.version}.`
}

type Sum = { readonly label: string; readonly amount: Money; readonly currency: string }

function sumRow({ label, amount: { excl, incl }, currency }: Sum): string[] {
  return [label, '', '', '', '', '', '', moneyText(excl, currency), moneyText(incl, currency)]
}

/** Nothing where nothing was added. */
function sumRows(sum: Sum): string[][] {
  const { excl, incl } = sum.amount
  const isNothing = [excl, incl].every((side) => side === null || exactly(side) === 0n)
  return isNothing ? [] : [sumRow(sum)]
}

function limitName({ excl, incl }: Money): string {
  return exactly(excl ?? incl ?? '0') < 0n ? 'down to maximum price' : 'up to minimum price'
}

function roundingName(policy: PricingPolicy | undefined): string {
  const rounding = policy?.rounding ?? null
  if (rounding === null) return 'rounding'
  const modes = { half_up: 'half up', half_even: 'half to even', up: 'always up' } as const
  const digits =
    rounding.decimals === 'currency' ? 'the minor unit' : `${rounding.decimals} decimals`
  return `rounding to ${digits}, ${modes[rounding.mode]}`
}

/** One sentence for each line that is billed more or less than was measured. */
function stepTexts(
  segments: readonly PricedSegment[],
  tariffs: readonly unknown[],
): readonly string[] {
  return segments.flatMap((segment) => {
    if (exactly(segment.billed) === exactly(segment.measured)) return []
    const same = segments.filter(
      ({ type, dimension }) => type === segment.type && dimension === segment.dimension,
    )
    const [measured, billed] = (['measured', 'billed'] as const).map((name) =>
      textOf(same.reduce((sum, each) => sum + exactly(each[name]), 0n)),
    )
    const step = stepOf(segment, tariffs)
    const extra = textOf(exactly(segment.billed) - exactly(segment.measured))
    const what = `${quantityText(segment, measured ?? '0')} of ${nameOf(segment)} are billed as ${quantityText(segment, billed ?? '0')}`
    const why =
      step === null || step === 0n
        ? ', by the step size of the tariff'
        : `, rounded up to full steps of ${quantityText(segment, stepQuantity(segment, step))} (step_size ${textOf(step)})`
    const where =
      same.length > 1
        ? `; the ${quantityText(segment, extra)} more are in the line of period ${segment.period}`
        : ''
    return [`${what}${why}${where}.`]
  })
}

/** step_size is in Wh or seconds. */
function stepQuantity({ type }: PricedSegment, step: bigint): string {
  return textOf(type === 'ENERGY' ? multiply(step, exactly('0.001')) : step / SECONDS_PER_HOUR)
}

const SECONDS_PER_HOUR = 3_600n

function taxTexts(taxes: readonly TaxLine[], currency: string): readonly string[] {
  return taxes.map(({ percentage, base, amount }) => {
    const sum = moneyText(amount, currency)
    if (percentage === null) return `VAT ${sum} that no rate explains: it comes with a price limit.`
    const of = base === null ? '' : ` on ${moneyText(base, currency)}`
    return `VAT ${figureText(percentage)} %${of}: ${sum}`
  })
}

function noteTexts({ notes }: PricedBill): readonly string[] {
  return notes.map(
    ({ code, message, count, pointer }) =>
      `note ${code} (${count}, first at ${pointer || '/'}): ${message}`,
  )
}
