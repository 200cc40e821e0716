import { currencies } from '../../../config/currencies.ts'
import type { Fault } from '../../errors.ts'
import { foldKey, readTime } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'
import { changedMs } from './listing.ts'
import type { Json } from './made.ts'

/** What a rule is judged with besides the object itself. */
export type RuleFacts = {
  version: Version
  nowMs: number
  /** Folded ids of the partner's tariffs by owner and id; null when it offers no list of them. */
  tariffs: ReadonlySet<string> | null
}

/** What an object breaks beyond its schema: `must` is wrong, `should` is odd. */
export type Broken = { must: Fault[]; should: Fault[] }

const SKEW_MS = 300_000
const KWH_TOLERANCE = 0.01
const HOURS_TOLERANCE = 0.02

/** The rules of a module, as the specification puts them into words. */
export function breaches(module: string, object: Json, facts: RuleFacts): Broken {
  const broken: Broken = { must: [], should: [] }
  RULES[module]?.(object, facts, broken)
  return broken
}

/** Times that cannot be: parents older than their parts, changes to come. Of every object. */
export function timeFaults(object: Json, nowMs: number, pointer = ''): Fault[] {
  const own = readTime(object['last_updated'])
  if (own === null) return []
  const faults: Fault[] = []
  const at = `${pointer}/last_updated`
  if (changedMs(object) > own.getTime())
    faults.push({ pointer: at, message: 'is older than that of a part' })
  if (own.getTime() > nowMs + SKEW_MS) faults.push({ pointer: at, message: 'lies in the future' })
  for (const name of ['evses', 'connectors'])
    for (const [index, part] of records(object[name]).entries())
      faults.push(...timeFaults(part, nowMs, `${pointer}/${name}/${index}`))
  return faults
}

const RULES: Readonly<Record<string, (object: Json, facts: RuleFacts, broken: Broken) => void>> = {
  locations: judgeLocation,
  tariffs: judgeTariff,
  sessions: judgeSession,
  cdrs: judgeCdr,
  tokens: judgeToken,
}

function judgeLocation(location: Json, facts: RuleFacts, { must, should }: Broken): void {
  const zone = location['time_zone']
  if (typeof zone === 'string' && !isTimeZone(zone))
    must.push({ pointer: '/time_zone', message: `${zone} is no IANA time zone` })
  const country = location['country']
  if (typeof country === 'string' && !/^[A-Z]{3}$/.test(country))
    should.push({ pointer: '/country', message: 'is no ISO 3166-1 alpha-3 code' })
  const evses = records(location['evses'])
  if (evses.length === 0)
    should.push({ pointer: '/evses', message: 'a location without EVSEs cannot be charged at' })
  must.push(...repeats(evses, { member: 'uid', pointer: '/evses' }))
  for (const [index, evse] of evses.entries()) {
    const at = `/evses/${index}`
    const connectors = records(evse['connectors'])
    if (connectors.length === 0)
      must.push({ pointer: `${at}/connectors`, message: 'must not be empty' })
    must.push(...repeats(connectors, { member: 'id', pointer: `${at}/connectors` }))
    should.push(...unknownTariffs(location, { connectors, at, facts }))
  }
}

function unknownTariffs(
  location: Json,
  { connectors, at, facts }: { connectors: readonly Json[]; at: string; facts: RuleFacts },
): Fault[] {
  const { tariffs, version } = facts
  if (tariffs === null) return []
  return connectors.flatMap((connector, index) => {
    const named = version === '2.1.1' ? [connector['tariff_id']] : list(connector['tariff_ids'])
    return named
      .filter((id) => typeof id === 'string' && !tariffs.has(tariffKey(location, id)))
      .map((id) => ({
        pointer: `${at}/connectors/${index}/${version === '2.1.1' ? 'tariff_id' : 'tariff_ids'}`,
        message: `${String(id)} is not among its tariffs`,
      }))
  })
}

/** `nl-tnm/id`: ids are unique within an owner only; 2.1.1 does not name it. */
export function tariffKey(owned: Json, id: unknown): string {
  return foldKey(
    `${String(owned['country_code'] ?? '')}-${String(owned['party_id'] ?? '')}/${String(id)}`,
  )
}

function judgeTariff(tariff: Json, _facts: RuleFacts, { must, should }: Broken): void {
  judgeCurrency(tariff, must)
  judgeOrder(tariff, { from: 'start_date_time', to: 'end_date_time', must })
  const elements = records(tariff['elements'])
  if (elements.length === 0) must.push({ pointer: '/elements', message: 'must not be empty' })
  for (const [index, element] of elements.entries()) {
    const components = records(element['price_components'])
    if (components.length === 0)
      must.push({ pointer: `/elements/${index}/price_components`, message: 'must not be empty' })
    for (const [at, component] of components.entries()) {
      const step = component['step_size']
      if (typeof step === 'number' && step < 1)
        should.push({
          pointer: `/elements/${index}/price_components/${at}/step_size`,
          message: 'should be at least 1',
        })
    }
  }
}

function judgeSession(session: Json, { version }: RuleFacts, { must, should }: Broken): void {
  const names =
    version === '2.1.1'
      ? (['start_datetime', 'end_datetime'] as const)
      : (['start_date_time', 'end_date_time'] as const)
  judgeCurrency(session, must)
  judgeOrder(session, { from: names[0], to: names[1], must })
  if (Number(session['kwh']) < 0) must.push({ pointer: '/kwh', message: 'must not be negative' })
  if (session['status'] === 'COMPLETED' && session[names[1]] === undefined)
    should.push({ pointer: `/${names[1]}`, message: 'is missing in a completed session' })
  judgePeriods(session, { start: session[names[0]], must })
  const energy = energyOf(session)
  if (energy !== null && energy > Number(session['kwh']) + KWH_TOLERANCE)
    should.push({ pointer: '/kwh', message: `is less than the ${energy} kWh of the periods` })
}

function judgeCdr(cdr: Json, { version }: RuleFacts, { must, should }: Broken): void {
  const end = version === '2.1.1' ? 'stop_date_time' : 'end_date_time'
  judgeCurrency(cdr, must)
  judgeOrder(cdr, { from: 'start_date_time', to: end, must })
  judgePeriods(cdr, { start: cdr['start_date_time'], must })
  if (records(cdr['charging_periods']).length === 0)
    must.push({ pointer: '/charging_periods', message: 'must not be empty' })
  const energy = energyOf(cdr)
  const total = Number(cdr['total_energy'])
  if (energy !== null && Math.abs(energy - total) > KWH_TOLERANCE)
    must.push({ pointer: '/total_energy', message: `is ${total}, the periods add up to ${energy}` })
  const [from, to] = [readTime(cdr['start_date_time']), readTime(cdr[end])]
  const hours = from && to ? (to.getTime() - from.getTime()) / 3_600_000 : null
  if (hours !== null && Number(cdr['total_time']) > hours + HOURS_TOLERANCE)
    must.push({
      pointer: '/total_time',
      message: `is more than the ${hours.toFixed(2)} hours between start and end`,
    })
  if (cdr['credit'] === true && cdr['credit_reference_id'] === undefined)
    must.push({ pointer: '/credit_reference_id', message: 'is required in a credit CDR' })
  const tariffs = records(cdr['tariffs']).map((one) => foldKey(String(one['id'])))
  for (const [index, period] of records(cdr['charging_periods']).entries()) {
    const id = period['tariff_id']
    if (typeof id === 'string' && !tariffs.includes(foldKey(id)))
      should.push({
        pointer: `/charging_periods/${index}/tariff_id`,
        message: `${id} is not among the tariffs of the CDR`,
      })
  }
}

function judgeToken(token: Json, { version }: RuleFacts, { must, should }: Broken): void {
  const member = version === '2.1.1' ? 'auth_id' : 'contract_id'
  if (token['uid'] === '') must.push({ pointer: '/uid', message: 'must not be empty' })
  if (token[member] === '') must.push({ pointer: `/${member}`, message: 'must not be empty' })
  const language = token['language']
  if (typeof language === 'string' && !/^[a-z]{2}$/.test(language))
    should.push({ pointer: '/language', message: 'is no ISO 639-1 code' })
}

function judgeCurrency(object: Json, must: Fault[]): void {
  const currency = object['currency']
  if (typeof currency === 'string' && !currencies.has(currency))
    must.push({ pointer: '/currency', message: `${currency} is no ISO 4217 code` })
}

function judgeOrder(object: Json, of: { from: string; to: string; must: Fault[] }): void {
  const [from, to] = [readTime(object[of.from]), readTime(object[of.to])]
  if (from && to && to < from)
    of.must.push({ pointer: `/${of.to}`, message: `is before ${of.from}` })
}

/** ChargingPeriod: each begins where the one before ends, and the first not before the session. */
function judgePeriods(object: Json, { start, must }: { start: unknown; must: Fault[] }): void {
  let before = readTime(start)
  for (const [index, period] of records(object['charging_periods']).entries()) {
    const at = readTime(period['start_date_time'])
    if (before && at && at < before)
      must.push({
        pointer: `/charging_periods/${index}/start_date_time`,
        message: 'is before what comes first',
      })
    before = at ?? before
  }
}

/** The ENERGY of all periods in kWh; null when none has any. */
function energyOf(object: Json): number | null {
  const volumes = records(object['charging_periods'])
    .flatMap((period) => records(period['dimensions']))
    .filter(({ type }) => type === 'ENERGY')
    .map(({ volume }) => Number(volume))
  return volumes.length === 0
    ? null
    : Math.round(volumes.reduce((sum, volume) => sum + volume, 0) * 1e6) / 1e6
}

function repeats(
  parts: readonly Json[],
  { member, pointer }: { member: string; pointer: string },
): Fault[] {
  const ids = parts.map((part) => foldKey(String(part[member])))
  return ids.flatMap((id, index) =>
    ids.indexOf(id) === index
      ? []
      : [{ pointer: `${pointer}/${index}/${member}`, message: `${id} is there already` }],
  )
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== null && name.includes('/')
  } catch {
    return false
  }
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function records(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
