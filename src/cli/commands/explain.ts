import { attribute } from '../../pricing/attribution.ts'
import type { Attributions } from '../../pricing/attribution.ts'
import { compareCdr } from '../../pricing/compare.ts'
import { priceCdr } from '../../pricing/price.ts'
import { compareThreeWays } from '../../pricing/three-way.ts'
import type { ThreeWay } from '../../pricing/three-way.ts'
import type { PricedCdr } from '../../pricing/types.ts'
import { moneyText } from '../bill-words.ts'
import type { Command, CommandCall, Outcome } from '../command.ts'
import { comparisonText, exitCodeOf } from '../comparison-text.ts'
import { EXIT } from '../exit-codes.ts'
import type { PricingInput } from '../pricing-input.ts'
import { PRICING_OPTIONS, readPricingInput, readTariffFile } from '../pricing-input.ts'
import { printable, table } from '../show.ts'
import { currencyOf, refusalText, refuseCredit } from './price.ts'

/** Why a claim is not what was computed. */
export const explainCommands: readonly Command[] = [
  {
    words: 'explain',
    args: ['CDR.json'],
    about:
      'Compare a CDR claim by claim and say which single reading reproduces what it claims (0: reconciles, 1: differs, 2: cannot be priced); needs no hub',
    options: {
      ...PRICING_OPTIONS,
      previous: {
        value: 'TARIFF.json',
        many: true,
        about: 'the version of the tariff before that one',
      },
      next: { value: 'TARIFF.json', many: true, about: 'the version of the tariff after that one' },
      stored: {
        value: 'TARIFF.json',
        many: true,
        about: 'the tariff as a hub had it at the session start, to compare three ways',
      },
      agreed: {
        value: 'TARIFF.json',
        many: true,
        about: "the agreement's tariff, to compare three ways",
      },
    },
    run: explainFile,
  },
]

async function explainFile(call: CommandCall): Promise<Outcome> {
  const input = readPricingInput(call)
  refuseCredit(input.cdr)
  const given = (name: string): readonly unknown[] => call.options(name).flatMap(readTariffFile)
  const [previousTariffs, nextTariffs] = [given('previous'), given('next')]
  const priced = priceCdr(input.cdr, input.tariffs, input.options)
  const comparison = compareCdr(input.cdr, priced, { tolerance: null })
  const attribution = attribute({ ...input, previousTariffs, nextTariffs })
  const threeWay = compareWays(input, { stored: given('stored'), agreed: given('agreed') })
  const text = [
    ...(priced.ok ? [] : [refusalText(priced, input)]),
    comparisonText(comparison, currencyOf(priced)),
    ...(attribution.tried === 0 ? [] : [attributionText(attribution)]),
    ...(threeWay === null ? [] : [threeWayText(threeWay)]),
  ].join('\n\n')
  const code = priced.ok ? exitCodeOf(comparison) : EXIT.cannot
  return { code, text, json: { priced, comparison, attribution, three_way: threeWay } }
}

/** Null without a second tariff to compare with. */
function compareWays(
  { cdr, tariffs, options }: PricingInput,
  { stored, agreed }: { stored: readonly unknown[]; agreed: readonly unknown[] },
): ThreeWay | null {
  if (stored.length === 0 && agreed.length === 0) return null
  const orNull = (list: readonly unknown[]): readonly unknown[] | null =>
    list.length === 0 ? null : list
  return compareThreeWays({
    cdr,
    own: orNull(tariffs),
    stored: orNull(stored),
    agreed: orNull(agreed),
    options,
  })
}

function attributionText({ found, tried, isComplete, sentence }: Attributions): string {
  const each = found.map(({ code, sentence: words }) => printable(`  ${words} (${code})`))
  const cut = isComplete ? '' : ', not all that there are: the CDR is very large'
  return [printable(sentence), ...each, `(${tried} explanations tried${cut})`]
    .filter((line) => line !== '')
    .join('\n')
}

function threeWayText({ priced, findings }: ThreeWay): string {
  const names = {
    own: 'given, or in the CDR',
    stored: 'stored at the session start',
    agreed: 'of the agreement',
  } as const
  const rows = (['own', 'stored', 'agreed'] as const).map((origin) => [
    names[origin],
    ...totalCells(priced[origin]),
  ])
  return [
    table(['tariff', 'net', 'gross', ''], rows, ['net', 'gross']),
    ...findings.map(({ code, sentence }) => printable(`${sentence} (${code})`)),
  ].join('\n')
}

function totalCells(priced: PricedCdr | null): string[] {
  if (priced === null) return ['-', '-', 'not given']
  if (!priced.ok) return ['-', '-', `cannot be priced: ${priced.message} (${priced.code})`]
  const { total, currency } = priced
  return [moneyText(total.excl, currency), moneyText(total.incl, currency), currency]
}
