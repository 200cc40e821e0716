import { contractKey, evseKey } from '../matching/keys.ts'
import { partyOfEvseId } from '../../ocpi/evse-id.ts'
import { foldKey, foldUpper, partyOf } from '../../ocpi/primitives.ts'
import { readDecimal, textOf } from '../decimal.ts'
import { isRecord, readPrice, readTime } from '../read.ts'

/** One wrong place of a record. `pointer`: into the record; of a CSV row, `/` and the column's name. */
export type RecordFault = { pointer: string; message: string }

/**
 * What an eMSP says about a session, read out of a CDR-shaped object or a row of a table. Keys are folded, so that equal
 * means the same; kWh and amounts are decimal text, times epoch milliseconds. Null: the record does not say.
 */
export type OwnRecord = {
  recordId: string
  recordKey: string
  /** The CPO, `NL-TNM`. */
  owner: string | null
  cdrKey: string | null
  sessionKey: string | null
  reference: string | null
  tokenUid: string | null
  contractKey: string | null
  evseKey: string | null
  locationKey: string | null
  meterKey: string | null
  start: number | null
  end: number | null
  kwh: string | null
  net: string | null
  gross: string | null
  currency: string | null
}

/**
 * Where each thing may stand: members of a CDR in any version, then names that tables use. The first that is there
 * counts. `auth_id` is a contract id: in OCPI 2.1.1 a CDR names its token by the Token's auth_id, never by its uid.
 */
export const PLACES = {
  id: ['record_id', 'id'],
  cdr: ['cdr_id'],
  session: ['session_id'],
  reference: ['authorization_reference', 'auth_reference'],
  uid: ['cdr_token.uid', 'token_uid', 'uid'],
  contract: ['cdr_token.contract_id', 'contract_id', 'auth_id', 'emaid', 'evco_id'],
  evse: ['cdr_location.evse_id', 'location.evses.evse_id', 'evse_id', 'evse'],
  location: ['cdr_location.id', 'location.id', 'location_id'],
  meter: ['meter_id'],
  cpo: ['cpo', 'cpo_id', 'operator'],
  start: ['start_date_time', 'start', 'started_at', 'start_time'],
  end: ['end_date_time', 'stop_date_time', 'end', 'ended_at', 'end_time', 'stop'],
  kwh: ['total_energy', 'kwh', 'energy_kwh', 'energy'],
  wh: ['energy_wh', 'wh'],
  net: ['total_cost_excl_vat', 'net', 'net_amount', 'cost_excl_vat'],
  gross: ['total_cost_incl_vat', 'gross', 'gross_amount', 'cost_incl_vat'],
  amount: ['total_cost'],
  currency: ['currency'],
} as const
export type Name = keyof typeof PLACES

const ID_CHARS_MAX = 255
const KWH_MAX = 100_000

/**
 * Reads one record of `receiver`. `id`: the one of its URL, which counts instead of its own. Every fault is named; a
 * record with faults is not worth keeping, because what cannot be read would be compared as if it were not there.
 */
export function readOwnRecord(
  value: unknown,
  how: { receiver: string; id?: string },
): { ok: true; record: OwnRecord } | { ok: false; faults: RecordFault[] } {
  if (!isRecord(value))
    return { ok: false, faults: [{ pointer: '', message: 'must be an object' }] }
  const faults: RecordFault[] = []
  const read = reader(value, faults)
  const cost = costOf(value, read)
  const own = read.text('id')
  const cdr = read.text('cdr')
  const session = read.text('session')
  const reference = read.text('reference')
  const recordId = how.id ?? own ?? cdr ?? session ?? reference ?? ''
  const evse = read.text('evse')
  const location = read.text('location')
  const record: OwnRecord = {
    recordId,
    recordKey: foldKey(recordId),
    owner: ownerOf({ value, read, evse, receiver: how.receiver }),
    cdrKey: keyOf(cdr ?? echoOf(own, how.id)),
    sessionKey: keyOf(session),
    reference: keyOf(reference),
    tokenUid: keyOf(read.text('uid')),
    contractKey: contractKey(read.text('contract')),
    evseKey: evseKey(evse),
    locationKey: keyOf(location),
    meterKey: keyOf(read.text('meter')),
    start: read.time('start'),
    end: read.time('end'),
    kwh: read.energy(),
    ...cost,
    currency: read.currency(),
  }
  faults.push(...missingIn(record))
  return faults.length === 0 ? { ok: true, record } : { ok: false, faults }
}

function missingIn(record: OwnRecord): RecordFault[] {
  const isNamed = [record.cdrKey, record.sessionKey, record.reference].some((key) => key !== null)
  const isPlaced = [record.tokenUid, record.contractKey, record.evseKey].some((key) => key !== null)
  const { start, end, net, gross, currency } = record
  const faults: [boolean, string, string][] = [
    [record.recordId === '', '/id', 'is required: an id of the record that stays the same'],
    [
      !isNamed && (start === null || !isPlaced),
      '',
      'nothing to match it by: give cdr_id, session_id or authorization_reference, or a start with a token or an EVSE',
    ],
    [start !== null && end !== null && end < start, '/end_date_time', 'is before the start'],
    [
      (net !== null || gross !== null) && currency === null,
      '/currency',
      'is required where there are costs',
    ],
  ]
  return faults.flatMap(([isWrong, pointer, message]) => (isWrong ? [{ pointer, message }] : []))
}

type Reader = ReturnType<typeof reader>

/** Reads members and keeps what is wrong with them. An empty text, as tables have it, is no value. */
function reader(value: Record<string, unknown>, faults: RecordFault[]) {
  const fault = (pointer: string, message: string): null => {
    faults.push({ pointer, message })
    return null
  }
  const text = (name: Name): string | null => {
    const found = find(value, PLACES[name])
    if (found === null) return null
    const said = typeof found.value === 'number' ? String(found.value) : found.value
    if (typeof said !== 'string') return fault(found.pointer, 'must be text')
    if (said.length > ID_CHARS_MAX || /[\u0000-\u001f\u007f]/.test(said))
      return fault(found.pointer, `must be at most ${ID_CHARS_MAX} characters that can be seen`)
    return said.trim()
  }
  const decimal = (name: Name): string | null => {
    const found = find(value, PLACES[name])
    if (found === null) return null
    const said = typeof found.value === 'string' ? found.value.trim() : found.value
    const number = readDecimal(said)
    return number === null
      ? fault(found.pointer, 'must be a number with a decimal point, such as 12.5')
      : textOf(number)
  }
  const time = (name: 'start' | 'end'): number | null => {
    const found = find(value, PLACES[name])
    if (found === null) return null
    const said = typeof found.value === 'string' ? found.value.trim().replace(' ', 'T') : ''
    // Tables often have no seconds.
    const whole = said.replace(/^([\d-]{10}T\d\d:\d\d)(Z|[+-]\d\d:\d\d)?$/, '$1:00$2')
    return (
      readTime(whole) ??
      fault(found.pointer, 'must be a time such as 2026-11-22T10:15:00Z; without a zone it is UTC')
    )
  }
  const energy = (): string | null => {
    const wh = readDecimal(decimal('wh'))
    const kwh = decimal('kwh') ?? (wh === null ? null : textOf(wh / 1_000n))
    const isPlausible = kwh === null || Math.abs(Number(kwh)) <= KWH_MAX
    return isPlausible
      ? kwh
      : fault(find(value, PLACES.kwh)?.pointer ?? '', 'is more than 100 000 kWh')
  }
  const currency = (): string | null => {
    const code = text('currency')
    if (code === null || /^[A-Za-z]{3}$/.test(code)) return code === null ? null : foldUpper(code)
    return fault('/currency', 'must be a code of ISO 4217, such as EUR')
  }
  return { text, decimal, time, energy, currency, fault }
}

/** The total cost of a CDR in any version, or the columns of a table. */
function costOf(value: Record<string, unknown>, read: Reader): Pick<OwnRecord, 'net' | 'gross'> {
  const total = value['total_cost']
  if (isRecord(total)) {
    const price = readPrice(total)
    if (price === null) read.fault('/total_cost', 'must be a price, such as {"excl_vat": 4.2}')
    const gross = price?.incl ?? null
    return {
      net: price === null ? null : textOf(price.excl),
      gross: gross === null ? null : textOf(gross),
    }
  }
  const plain = isEmpty(total) ? null : readDecimal(total)
  if (plain === null && !isEmpty(total))
    read.fault('/total_cost', 'must be a price, or a number with a decimal point')
  return {
    net: read.decimal('net') ?? (plain === null ? null : textOf(plain)),
    gross: read.decimal('gross'),
  }
}

/** The CPO: named, or that of the EVSE. In a CDR country_code and party_id are the CPO's; an eMSP's own are not. */
function ownerOf(of: {
  value: Record<string, unknown>
  read: Reader
  evse: string | null
  receiver: string
}): string | null {
  const named = of.read.text('cpo')
  if (named !== null) {
    const parts = /^([A-Za-z]{2})[-*/ ]?([A-Za-z0-9]{3})$/.exec(named)
    const party = parts === null ? null : partyOf(parts[1], parts[2])
    return party ?? of.read.fault('/cpo', 'must be a party, such as NL-TNM')
  }
  const party = partyOf(of.value['country_code'], of.value['party_id'])
  if (party !== null && party !== of.receiver) return party
  return of.evse === null ? null : partyOfEvseId(of.evse)
}

/** An id beside that of the URL is the CDR's. */
function echoOf(own: string | null, ofUrl: string | undefined): string | null {
  return ofUrl !== undefined && own !== null && foldKey(own) !== foldKey(ofUrl) ? own : null
}

function keyOf(id: string | null): string | null {
  return id === null || id === '' ? null : foldKey(id)
}

function find(
  value: Record<string, unknown>,
  places: readonly string[],
): { value: unknown; pointer: string } | null {
  for (const place of places) {
    if (!isEmpty(value[place])) return { value: value[place], pointer: `/${place}` }
    const found = walk(value, place)
    if (found !== null && !isEmpty(found.value)) return found
  }
  return null
}

/** Follows a path of members. A list of one is that one, as the EVSEs of a CDR of 2.1.1; of several nobody knows which. */
function walk(
  value: Record<string, unknown>,
  path: string,
): { value: unknown; pointer: string } | null {
  let found: { value: unknown; pointer: string } = { value, pointer: '' }
  for (const member of path.split('.')) {
    const { value: inner, pointer } = found
    const isOnly = Array.isArray(inner) && inner.length === 1
    const outer = isOnly ? { value: inner[0], pointer: `${pointer}/0` } : found
    if (!isRecord(outer.value)) return null
    found = { value: outer.value[member], pointer: `${outer.pointer}/${member}` }
  }
  return found
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}
