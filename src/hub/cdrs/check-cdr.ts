import { limits } from '../../../config/limits.ts'
import { HubError } from '../../errors.ts'
import type { Fault } from '../../errors.ts'
import { isRecord } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'

/**
 * Refuses a CDR that cannot be kept under its ids or whose total could not be booked; the faults point into what was
 * sent. Throws HubError.
 */
export function checkCdr(value: Record<string, unknown>, version: Version): void {
  const faults = [...idFaults(value), ...amountFaults(value)].map(({ pointer, message }) => ({
    pointer: version === '2.1.1' ? (POINTERS_211[pointer] ?? pointer) : pointer,
    message,
  }))
  if (faults.length > 0) throw new HubError('invalid', 'the CDR cannot be worked with', { faults })
}

/** OCPI 2.2.1 CDR object, id: up to 36 characters; up to 39 are for the suffix of a credit CDR. Taken all the same. */
export function longIdFaults({ id, credit }: Record<string, unknown>): Fault[] {
  const isLong = typeof id === 'string' && id.length > 36 && id.length <= 39 && credit !== true
  return isLong
    ? [{ pointer: '/id', message: 'may have 36 characters, or 39 in a credit CDR' }]
    : []
}

/** Where a member of the working value stands in a CDR of 2.1.1. */
const POINTERS_211: Readonly<Record<string, string>> = {
  '/cdr_token/uid': '/auth_id',
  '/cdr_token/type': '/auth_id',
  '/cdr_location/id': '/location/id',
  '/total_cost/excl_vat': '/total_cost',
}

/** What CDRs and objects are found by. Lengths are soft up to what an index can hold. */
function idFaults(value: Record<string, unknown>): Fault[] {
  const token = isRecord(value.cdr_token) ? value.cdr_token : {}
  const location = isRecord(value.cdr_location) ? value.cdr_location : {}
  const ids: [string, unknown][] = [
    ['/id', value.id],
    ['/session_id', value.session_id],
    ['/credit_reference_id', value.credit_reference_id],
    ['/cdr_token/uid', token.uid],
    ['/cdr_token/type', token.type],
    ['/cdr_location/id', location.id],
    ...members(value.tariffs, { list: '/tariffs', member: 'id' }),
    ...members(value.charging_periods, { list: '/charging_periods', member: 'tariff_id' }),
  ]
  const long = ids.filter(([, id]) => typeof id === 'string' && id.length > limits.idCharsMax)
  const faults = long.map(([pointer]) => ({
    pointer,
    message: `may have ${limits.idCharsMax} characters`,
  }))
  // Its own URL ends with it, and a URL cannot end with a dot segment or with nothing.
  const isNoName = typeof value.id === 'string' && /^(\s*|\.\.?)$/.test(value.id)
  return isNoName ? [{ pointer: '/id', message: 'must be an id' }, ...faults] : faults
}

function members(items: unknown, at: { list: string; member: string }): [string, unknown][] {
  if (!Array.isArray(items)) return []
  return items.map((item: unknown, index) => [
    `${at.list}/${index}/${at.member}`,
    isRecord(item) ? item[at.member] : undefined,
  ])
}

/** Amounts that no charging session has are a unit error; the ledger must never see them. */
function amountFaults(value: Record<string, unknown>): Fault[] {
  const cost = isRecord(value.total_cost) ? value.total_cost : {}
  const named = ['excl_vat', 'incl_vat', 'before_taxes'].map((name): [string, unknown] => [
    `/total_cost/${name}`,
    cost[name],
  ])
  const taxes = members(cost.taxes, { list: '/total_cost/taxes', member: 'amount' })
  const beyond = [...named, ...taxes].filter(([, amount]) => isBeyond(Number(amount ?? 0)))
  if (beyond.length > 0)
    return beyond.map(([pointer]) => ({
      pointer,
      message: `is beyond ${limits.amountUnitsMax} currency units`,
    }))
  // Each may be within the limit and what is between them, the tax, beyond it.
  const tax = cost.incl_vat === undefined ? 0 : Number(cost.incl_vat) - Number(cost.excl_vat ?? 0)
  if (isBeyond(tax)) {
    const message = `differs from excl_vat by more than ${limits.amountUnitsMax} currency units`
    return [{ pointer: '/total_cost/incl_vat', message }]
  }
  const total = taxes.reduce((sum, [, amount]) => sum + Number(amount ?? 0), 0)
  if (!isBeyond(total)) return []
  const message = `add up to more than ${limits.amountUnitsMax} currency units`
  return [{ pointer: '/total_cost/taxes', message }]
}

function isBeyond(amount: number): boolean {
  return Math.abs(amount) > limits.amountUnitsMax
}
