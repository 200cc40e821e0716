/** How people call the members of a CDR. What is not here is called by its name, with spaces. */
const NAMES: Readonly<Record<string, string>> = {
  id: 'id',
  country_code: 'country',
  party_id: 'party',
  start_date_time: 'start',
  end_date_time: 'end',
  stop_date_time: 'end',
  session_id: 'session',
  auth_id: 'token',
  cdr_token: 'token',
  auth_method: 'way of authorisation',
  authorization_reference: 'authorisation',
  cdr_location: 'location',
  location: 'location',
  meter_id: 'meter',
  currency: 'currency',
  tariffs: 'tariffs',
  charging_periods: 'charging periods',
  signed_data: 'signed meter data',
  total_cost: 'total cost',
  total_fixed_cost: 'cost of fixed fees',
  total_energy: 'total energy',
  total_energy_cost: 'cost of energy',
  total_time: 'total time',
  total_time_cost: 'cost of time',
  total_parking_time: 'total parking time',
  total_parking_cost: 'cost of parking',
  total_reservation_cost: 'cost of reservation',
  invoice_reference_id: 'invoice',
  credit: 'mark of a credit',
  credit_reference_id: 'CDR that is taken back',
  home_charging_compensation: 'mark of home charging',
  last_updated: 'time of the last change',
}

/** The sides of an amount, as every version calls them. */
const SIDES: Readonly<Record<string, string>> = {
  excl_vat: ' without tax',
  before_taxes: ' without tax',
  incl_vat: ' with tax',
}

/** A member of a CDR in words, with its name in brackets where that is another: `total cost (total_cost)`. */
export function memberWords(name: string): string {
  const words = Object.hasOwn(NAMES, name) ? (NAMES[name] ?? name) : name.replaceAll('_', ' ')
  return words === name ? words : `${words} (${name})`
}

/**
 * A place in a CDR in words: `/total_cost/excl_vat` is `the total cost without tax (total_cost)`, and
 * `/charging_periods/0/start_date_time` `the start of charging period 1 (start_date_time)`.
 */
export function placeWords(pointer: string): string {
  const [, first = '', second, ...rest] = pointer.split('/')
  if (first === '') return 'the CDR'
  if (first === 'charging_periods' && second !== undefined)
    return periodWords(`charging period ${Number(second) + 1}`, rest)
  if (first === 'tariffs' && second !== undefined)
    return `a number of the tariff (${rest.at(-1) ?? 'tariffs'})`
  if (second === 'taxes') return `the tax in the ${memberWords(first)}`
  return `the ${withSuffix(memberWords(first), SIDES[second ?? ''] ?? '')}`
}

function periodWords(period: string, [member, ...rest]: readonly string[]): string {
  if (member === undefined) return period
  return member === 'dimensions'
    ? `a quantity of ${period} (${rest.at(-1) ?? member})`
    : `the ${withSuffix(memberWords(member), ` of ${period}`)}`
}

/** Before the name in brackets. */
function withSuffix(words: string, suffix: string): string {
  return words.replace(/(?= \()|$/, suffix)
}
