import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Fault } from '../errors.ts'
import { isRecord } from '../ocpi/validate.ts'

/** Refuses a CDR that cannot be kept under its ids or whose total could not be booked. Throws HubError. */
export function checkCdr(value: Record<string, unknown>): void {
  const faults = [...idFaults(value), ...amountFaults(value)]
  if (faults.length > 0) throw new HubError('invalid', 'the CDR cannot be worked with', { faults })
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
  const beyond = ['excl_vat', 'incl_vat'].filter(
    (name) => Math.abs(Number(cost[name] ?? 0)) > limits.amountUnitsMax,
  )
  if (beyond.length > 0)
    return beyond.map((name) => ({
      pointer: `/total_cost/${name}`,
      message: `is beyond ${limits.amountUnitsMax} currency units`,
    }))
  // Each may be within the limit and what is between them, the tax, beyond it.
  const tax = cost.incl_vat === undefined ? 0 : Number(cost.incl_vat) - Number(cost.excl_vat ?? 0)
  if (Math.abs(tax) <= limits.amountUnitsMax) return []
  const message = `differs from excl_vat by more than ${limits.amountUnitsMax} currency units`
  return [{ pointer: '/total_cost/incl_vat', message }]
}
