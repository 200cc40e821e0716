import { placeWords } from '../../pricing/field-words.ts'
import { amountText, figureOf } from '../../pricing/figures.ts'
import { listText } from '../compare.ts'
import type { Decimal } from '../decimal.ts'
import { readDecimal, textOf } from '../decimal.ts'
import type { Draft } from '../findings.ts'
import type { CreditInput } from '../input.ts'
import type { Price } from '../read.ts'
import { at, isRecord, listOf, readPrice, readText, readTime, shown } from '../read.ts'

/** C1, C2, C3: is there an original, may it be credited, and is the credit its exact opposite. */
export function checkCredit(input: CreditInput): readonly Draft[] {
  const id = readText(at(input.cdr.value, '/credit_reference_id'))
  const reference = { field: '/credit_reference_id', source: 'cdr' as const, value: id }
  if (id === null) {
    const what =
      'This credit does not say which CDR it takes back. Put the id of that CDR into it (credit_reference_id).'
    return [{ code: 'C1', inputs: [reference], words: { what } }]
  }
  const spent = spentReason(input, id)
  if (spent !== null)
    return [{ code: 'C3', inputs: [reference], words: { original: id, reason: spent } }]
  if (input.original.state === 'missing') {
    const what = `The CDR ${id} that this credit takes back never arrived.`
    return input.waitOver ? [{ code: 'C1', inputs: [reference], words: { what } }] : []
  }
  return [
    ...checkTotal(input, input.original.value),
    ...checkFields(input, input.original.value),
  ].map((draft) => ({
    ...draft,
    words: { ...draft.words, original: id },
  }))
}

function spentReason(input: CreditInput, id: string): string | null {
  const own = readText(at(input.cdr.value, '/id'))
  if (own !== null && own.toUpperCase() === id.toUpperCase()) return 'is this very CDR'
  const { original } = input
  if (original.state === 'missing') return null
  if (original.isCredit) return 'is a credit itself'
  return original.creditedBy === null
    ? null
    : `was already taken back by the credit CDR ${original.creditedBy}`
}

function checkTotal(input: CreditInput, original: unknown): readonly Draft[] {
  const credit = readPrice(at(input.cdr.value, '/total_cost'))
  const first = readPrice(at(original, '/total_cost'))
  if (credit === null || first === null || isOpposite(credit, first)) return []
  const expected = textOf(-first.excl)
  const actual = textOf(credit.excl)
  const difference = textOf(credit.excl + first.excl)
  const inputs = [
    {
      field: '/total_cost',
      source: 'cdr' as const,
      value: shown(at(input.cdr.value, '/total_cost')),
    },
    {
      field: '/total_cost',
      source: 'original' as const,
      value: shown(at(original, '/total_cost')),
    },
  ]
  const currency = readText(at(input.cdr.value, '/currency')) ?? ''
  const what = `its total (total_cost) is ${priceText(credit, currency)}, not ${priceText({ excl: -first.excl, incl: first.incl === null ? null : -first.incl }, currency)}`
  return [{ code: 'C2', inputs, expected, actual, difference, tolerance: '0', words: { what } }]
}

/** What a credit may state otherwise than its original. Every other field repeats it. */
const FREE = [
  'id',
  'credit',
  'credit_reference_id',
  'total_cost',
  'last_updated',
  'remark',
  'invoice_reference_id',
]

const COST_PARTS = /^total_(fixed|energy|time|parking|reservation)_cost$/

/** Fields that differ. Senders that negate the parts too are told so, but their meaning is clear. */
function checkFields(input: CreditInput, original: unknown): readonly Draft[] {
  const credit = input.cdr.value
  const names = [
    ...new Set([credit, original].flatMap((cdr) => (isRecord(cdr) ? Object.keys(cdr) : []))),
  ]
  const differing = names.filter(
    (name) => !FREE.includes(name) && !isSame(at(credit, `/${name}`), at(original, `/${name}`)),
  )
  if (differing.length === 0) return []
  const isClear = differing.every((name) => {
    const part = COST_PARTS.test(name) ? readPrice(at(credit, `/${name}`)) : null
    const first = readPrice(at(original, `/${name}`))
    return part !== null && first !== null && isOpposite(part, first)
  })
  const inputs = differing.slice(0, 10).flatMap((name) => [
    { field: `/${name}`, source: 'cdr' as const, value: shown(at(credit, `/${name}`)) },
    { field: `/${name}`, source: 'original' as const, value: shown(at(original, `/${name}`)) },
  ])
  const what = isClear
    ? `a credit turns the sign of its total (total_cost) only, not of ${listText(differing.map(called))}`
    : `${listText(differing.slice(0, 10).map(called))} must be repeated unchanged`
  return [{ code: 'C2', inputs, words: { what }, ...(isClear ? { milder: 'W' as const } : {}) }]
}

/** A member that differs, as people call it. */
function called(name: string): string {
  return placeWords(`/${name}`)
}

function isOpposite(a: Price, b: Price): boolean {
  if (a.excl !== -b.excl) return false
  return a.incl === null || b.incl === null ? a.incl === b.incl : a.incl === -b.incl
}

/**
 * The same JSON: numbers by value, times by instant, texts without regard to case (most are CiString), an empty list
 * or null like nothing.
 */
function isSame(a: unknown, b: unknown): boolean {
  if (isAbsent(a) || isAbsent(b)) return isAbsent(a) && isAbsent(b)
  if (Array.isArray(a) || Array.isArray(b)) {
    const [left, right] = [listOf(a), listOf(b)]
    return left.length === right.length && left.every((item, index) => isSame(item, right[index]))
  }
  if (isRecord(a) && isRecord(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) =>
      isSame(own(a, key), own(b, key)),
    )
  const [instantA, instantB] = [readTime(a), readTime(b)]
  if (instantA !== null && instantB !== null) return instantA === instantB
  if (typeof a === 'number' || typeof b === 'number') return readDecimal(a) === readDecimal(b)
  if (typeof a === 'string' && typeof b === 'string') return a.toUpperCase() === b.toUpperCase()
  return a === b
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

function priceText(price: Price, currency: string): string {
  const text = (amount: Decimal): string => amountText(figureOf(textOf(amount)), currency).trim()
  const incl = price.incl === null ? '' : ` (${text(price.incl)} with tax)`
  return `${text(price.excl)}${incl}`
}
