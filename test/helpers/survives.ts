import type { Json } from '../../src/ocpi/adapt/define.ts'
import { escapePointer, isRecord } from '../../src/ocpi/validate.ts'

/** The same thing under its name of each version, so that pointers of two versions can be compared. */
const SAME_NAMES: Record<string, string> = {
  voltage: 'max_voltage',
  amperage: 'max_amperage',
  tariff_id: 'tariff_ids',
  type: 'parking_type',
  source: 'category',
  start_datetime: 'start_date_time',
  end_datetime: 'end_date_time',
  stop_date_time: 'end_date_time',
  auth_id: 'contract_id',
  before_taxes: 'excl_vat',
  after_taxes: 'incl_vat',
  taxes: 'incl_vat',
}

/** What a later version requires and an earlier one does not have is filled in without being a loss. */
const FILLED = new Set([
  'country_code',
  'party_id',
  'publish',
  'time_zone',
  'tax_included',
  'twentyfourseven',
  'last_updated',
  'timeout',
])

/** The pointers of losses on the way there, and on the way back. */
type Lost = { there: readonly string[]; back: readonly string[] }

/**
 * The pointers at which `after`, which went to another version and back, differs from `before` although no loss was
 * reported there. Null and empty lists are the same as absent members; coordinates are compared as numbers.
 */
export function unexplained(pair: { before: Json; after: Json; lost: Lost }): string[] {
  const { before, after, lost } = pair
  const found: string[] = []
  const explained = new Set([...lost.there, ...lost.back].map(samePointer))
  // On the way back the items of a list may have other places.
  const anywhere = new Set(lost.back.filter((one) => !/\d$/.test(one)).map(anyPlace))
  compare(
    { before, after, pointer: '' },
    (pointer) => {
      const same = samePointer(pointer)
      const parts = same.split('/')
      const heads = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
      if (!heads.some((head) => explained.has(head) || anywhere.has(anyPlace(head)))) {
        found.push(pointer)
      }
    },
    explained,
  )
  return found
}

const anyPlace = (pointer: string): string => samePointer(pointer).replace(/\/\d+/g, '/*')

function samePointer(pointer: string): string {
  return pointer
    .split('/')
    .map((part) => SAME_NAMES[part] ?? part)
    .join('/')
}

type Pair = { before: unknown; after: unknown; pointer: string }
type Report = (pointer: string) => void

function compare(pair: Pair, report: Report, explained: ReadonlySet<string>): void {
  const { before, after, pointer } = pair
  if (isNothing(before) && isNothing(after)) return
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(pair, report, explained)
  if (isRecord(before) && isRecord(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (before[name] === undefined && FILLED.has(name)) continue
      const inner = `${pointer}/${escapePointer(name)}`
      compare({ before: before[name], after: after[name], pointer: inner }, report, explained)
    }
    return
  }
  const isCoordinate = /itude$/.test(pointer) && Number(before) === Number(after)
  if (before !== after && !isCoordinate) report(pointer)
}

/** When items are missing they must be those that were reported. */
function compareLists(pair: Pair, report: Report, explained: ReadonlySet<string>): void {
  const { pointer } = pair
  const before: unknown[] = Array.isArray(pair.before) ? pair.before : []
  const after: unknown[] = Array.isArray(pair.after) ? pair.after : []
  const at = (index: number) => `${pointer}/${index}`
  const all = before.map((item, index) => ({ item, pointer: at(index) }))
  const kept =
    before.length === after.length
      ? all
      : all.filter((one) => !explained.has(samePointer(one.pointer)))
  if (kept.length !== after.length) return report(pointer)
  for (const [index, one] of kept.entries()) {
    compare({ before: one.item, after: after[index], pointer: one.pointer }, report, explained)
  }
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}
