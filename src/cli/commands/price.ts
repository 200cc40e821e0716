import { readFile, stat } from 'node:fs/promises'
import { limits } from '../../../config/limits.ts'
import { claimedAmounts } from '../../clearing/amounts.ts'
import { absolute, exactly, largest, multiply, shownText, textOf } from '../../clearing/decimal.ts'
import { priceCdr } from '../../pricing/price.ts'
import type { PricedBill } from '../../pricing/types.ts'
import type { Command, CommandCall, Outcome } from '../command.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { items, member, table } from '../show.ts'

// The hub's default tolerance (settlement.md §4.2): the larger of the two counts.
const TOLERANCE = { absolute: '0.02', relative: '0.005' }

/** Pricing without a hub. */
export const priceCommands: readonly Command[] = [
  {
    words: 'price',
    args: ['CDR.json'],
    about:
      'Price a CDR and compare it with what it claims (0: reconciles, 1: differs, 2: cannot be priced); needs no hub',
    options: {
      tariff: {
        value: 'TARIFF.json',
        many: true,
        about: 'a tariff, or a list; without it the tariffs in the CDR',
      },
      tz: { value: 'ZONE', about: 'time zone of the location, say Europe/Amsterdam' },
    },
    run: priceFile,
  },
]

async function priceFile({ args, option, options }: CommandCall): Promise<Outcome> {
  const cdr = unwrap(await readJsonFile(args[0] ?? ''))
  if (member(cdr, 'credit') === true) {
    throw new CliStop(
      EXIT.cannot,
      'This is a credit CDR: it takes back what its original claims. Price the original.',
    )
  }
  const files = await Promise.all(options('tariff').map(readJsonFile))
  const tariffs =
    files.length > 0 ? files.flatMap((file) => listOf(unwrap(file))) : items(cdr, 'tariffs')
  const bill = priceCdr(cdr, tariffs, { timeZone: option('tz') ?? null })
  if (!bill.ok) {
    const text = `Cannot be priced: ${bill.message} (${bill.code}, at ${bill.pointer || '/'}). ${adviceFor(bill.code)}`
    return { code: EXIT.cannot, text, json: { priced: bill, comparison: null } }
  }
  const comparison = compare(cdr, bill)
  const shown = [billText(bill), notesText(bill), verdictText(bill, comparison)]
    .filter((part) => part !== '')
    .join('\n\n')
  const code = comparison === null ? EXIT.cannot : comparison.reconciles ? EXIT.ok : EXIT.differs
  return { code, text: shown, json: { priced: bill, comparison } }
}

type Comparison = {
  reconciles: boolean
  sides: {
    basis: 'excl' | 'incl'
    claimed: string
    computed: string
    difference: string
    tolerance: string
  }[]
}

/** The claim against the computed total, without tax and with it where both are known; null without a readable claim. */
function compare(cdr: unknown, bill: PricedBill): Comparison | null {
  const claim = claimedAmounts(cdr)
  if (claim === null || claim.currency !== bill.currency.toUpperCase()) return null
  const claimed = {
    excl: claim.net,
    incl: claim.tax === null ? null : textOf(exactly(claim.net) + exactly(claim.tax)),
  }
  const sides: Comparison['sides'] = []
  let reconciles = true
  for (const basis of ['excl', 'incl'] as const) {
    const [actual, expected] = [claimed[basis], bill.total[basis]]
    if (actual === null || expected === null) continue
    const difference = exactly(actual) - exactly(expected)
    const share = multiply(absolute(exactly(expected)), exactly(TOLERANCE.relative))
    const tolerance = largest(exactly(TOLERANCE.absolute), share)
    reconciles = reconciles && absolute(difference) <= tolerance
    sides.push({
      basis,
      claimed: actual,
      computed: expected,
      difference: textOf(difference),
      tolerance: textOf(tolerance),
    })
  }
  return sides.length === 0 ? null : { reconciles, sides }
}

function billText(bill: PricedBill): string {
  const rows = bill.segments.map((segment) => [
    String(segment.period),
    segment.type,
    segment.tariffId,
    `${segment.element}/${segment.component}`,
    segment.measured,
    segment.billed,
    segment.unitPrice,
    segment.vat === null ? '-' : `${segment.vat} %`,
    money(segment.excl),
    money(segment.incl),
  ])
  const clamp =
    bill.clamp.excl === '0' || bill.clamp.excl === null
      ? []
      : [sumRow('minimum or maximum', bill.clamp)]
  const headings = [
    'period',
    'type',
    'tariff',
    'component',
    'measured',
    'billed',
    'price',
    'vat',
    'excl',
    'incl',
  ]
  const right = ['period', 'measured', 'billed', 'price', 'vat', 'excl', 'incl']
  return table(headings, [...rows, ...clamp, sumRow(`total ${bill.currency}`, bill.total)], right)
}

function sumRow(label: string, amount: { excl: string | null; incl: string | null }): string[] {
  return ['', label, '', '', '', '', '', '', money(amount.excl), money(amount.incl)]
}

function notesText(bill: PricedBill): string {
  return bill.notes
    .map(
      ({ code, message, count, pointer }) =>
        `note ${code} (${count}, first at ${pointer}): ${message}`,
    )
    .join('\n')
}

function verdictText(bill: PricedBill, comparison: Comparison | null): string {
  if (comparison === null) {
    return `The CDR claims nothing that can be compared: total_cost and currency ${bill.currency} are needed.`
  }
  const lines = comparison.sides.map(({ basis, claimed, computed, difference, tolerance }) => {
    const [far, allowed] = [difference, tolerance].map((value) => money(value))
    return `${basis}: claimed ${money(claimed)}, computed ${money(computed)}, difference ${far} (tolerance ${allowed})`
  })
  return [comparison.reconciles ? 'RECONCILES' : 'DIFFERS', ...lines].join('\n')
}

/** For showing: at most six decimals, at least two. */
function money(value: string | null): string {
  return value === null ? '-' : shownText(exactly(value), { places: 6, placesMin: 2 })
}

function adviceFor(code: string): string {
  if (code === 'time_zone')
    return 'Give the zone of the location with --tz, say --tz Europe/Amsterdam.'
  if (code === 'no_tariff' || code === 'unknown_tariff')
    return 'Give the tariff with --tariff FILE.'
  return 'Mend the file and try again.'
}

async function readJsonFile(path: string): Promise<unknown> {
  const size = await stat(path).then(
    (found) => found.size,
    () => null,
  )
  if (size === null) throw new CliStop(EXIT.cannot, `${path} cannot be opened; is the path right?`)
  if (size > limits.cliFileBytesMax)
    throw new CliStop(EXIT.cannot, `${path} is larger than ${limits.cliFileBytesMax} bytes.`)
  try {
    return JSON.parse((await readFile(path, 'utf8')).replace(/^\ufeff/, ''))
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable'
    throw new CliStop(EXIT.cannot, `${path} is no JSON file: ${why}`)
  }
}

/** The object itself, or what an OCPI envelope carries. */
function unwrap(value: unknown): unknown {
  return member(value, 'status_code') !== undefined && member(value, 'data') !== undefined
    ? member(value, 'data')
    : value
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}
