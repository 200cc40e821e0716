import { isRecord } from '../../clearing/read.ts'
import { compareCdr } from '../../pricing/compare.ts'
import { priceCdr } from '../../pricing/price.ts'
import type { CannotPrice, PricedCdr } from '../../pricing/types.ts'
import { billText } from '../bill-text.ts'
import type { Command, CommandCall, Outcome } from '../command.ts'
import { comparisonText, exitCodeOf } from '../comparison-text.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import type { PricingInput } from '../pricing-input.ts'
import { PRICING_OPTIONS, readPricingInput } from '../pricing-input.ts'
import { printable } from '../show.ts'

/** Pricing without a hub. */
export const priceCommands: readonly Command[] = [
  {
    words: 'price',
    args: ['CDR.json'],
    about:
      'Price a CDR, show the bill, and compare it with what it claims (0: reconciles, 1: differs, 2: cannot be priced); needs no hub',
    options: PRICING_OPTIONS,
    run: priceFile,
  },
]

async function priceFile(call: CommandCall): Promise<Outcome> {
  const input = readPricingInput(call)
  refuseCredit(input.cdr)
  const priced = priceCdr(input.cdr, input.tariffs, input.options)
  const comparison = compareCdr(input.cdr, priced, { tolerance: null })
  const shown = priced.ok ? billText(priced, input) : refusalText(priced, input)
  return {
    code: priced.ok ? exitCodeOf(comparison) : EXIT.cannot,
    text: [shown, comparisonText(comparison, currencyOf(priced))].join('\n\n'),
    json: { priced, comparison },
  }
}

/** The currency of a bill, or of the bounds where there are some. */
export function currencyOf(priced: PricedCdr): string {
  return priced.ok ? priced.currency : (priced.bounds?.low.currency ?? '')
}

/** A credit CDR repeats the data of its original, so pricing it would only say what that one costs. */
export function refuseCredit(cdr: unknown): void {
  if (!isRecord(cdr) || cdr['credit'] !== true) return
  throw new CliStop(
    EXIT.cannot,
    'This is a credit CDR: it takes back what its original claims. Price the original.',
  )
}

/** Why there is no price, and what to do; with an unknown time zone also the bills it must lie between. */
export function refusalText(priced: CannotPrice, input: PricingInput): string {
  const { code, message, pointer, bounds } = priced
  const why = printable(
    `Cannot be priced: ${message} (${code}, at ${pointer || '/'}). ${adviceFor(code)}`,
  )
  if (bounds === null) return why
  return [
    why,
    'AT LEAST, in the zone that makes it cheapest',
    billText(bounds.low, input),
    'AT MOST, in the zone that makes it dearest',
    billText(bounds.high, input),
  ].join('\n\n')
}

function adviceFor(code: string): string {
  if (code === 'time_zone')
    return 'Give the zone of the location with --tz, say --tz Europe/Amsterdam.'
  if (code === 'no_tariff' || code === 'unknown_tariff')
    return 'Give the tariff with --tariff FILE.'
  return 'Mend the file and try again.'
}
