import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { KINDS } from '../../src/ocpi/adapt/define.ts'
import type { Facts, Json, Kind } from '../../src/ocpi/adapt/define.ts'
import { convert } from '../../src/ocpi/adapt.ts'
import { isRecord, schemaFor } from '../../src/ocpi/validate.ts'
import { VERSIONS } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { SCHEMAS, memberNames } from './generate-ocpi-schemas.ts'

/** An object of a version and what the hub knows besides; the two agree, as they do in the store. */
export type Case = { value: Json; facts: Facts }

const owner = { country_code: 'NL', party_id: 'TNM' }
const token: Json = {
  country_code: 'DE',
  party_id: 'EMA',
  uid: 'CARD1',
  type: 'RFID',
  contract_id: 'DE-EMA-C1',
  issuer: 'Example',
  valid: true,
  whitelist: 'ALLOWED',
  last_updated: '2026-07-01T10:00:00Z',
}
const cdrToken = {
  country_code: 'DE',
  party_id: 'EMA',
  uid: 'CARD1',
  type: 'RFID',
  contract_id: 'DE-EMA-C1',
}

/** Valid objects and messages of a kind in a version, with the facts that belong to them. */
export function generate(kind: Kind, version: Version): Arbitrary<Case> {
  const value = arbitraryOf(schemaFor(SCHEMAS[kind], version), '').filter(isRecord)
  const location = arbitraryOf(schemaFor(SCHEMAS.location, '2.2.1'), '').filter(isRecord)
  return fc.tuple(value, location).map(([object, place]) => agree({ kind, version, object, place }))
}

/** True when nothing of this kind exists in the version. */
export function isMissing(kind: Kind, version: Version): boolean {
  return schemaFor(SCHEMAS[kind], version) === undefined
}

type Parts = { kind: Kind; version: Version; object: Json; place: Json }

function agree({ kind, version, object, place }: Parts): Case {
  const facts: Facts = {
    owner,
    token,
    timeZone: 'Europe/Amsterdam',
    receivedAt: '2026-07-01T10:00:00Z',
    reservation: { id: 'RES-1', number: 4711 },
  }
  const value = withOwner(object, version)
  if (kind === 'session' || kind === 'cdr')
    return charging({ kind, version, object: value, place }, facts)
  if (kind === 'authorizationInfo' && version !== '2.1.1')
    return { value: { ...value, token }, facts }
  if (isRecord(value['token'])) value['token'] = withOwner(value['token'], version)
  if (kind === 'reserveNow') value['reservation_id'] = version === '2.1.1' ? 4711 : 'RES-1'
  return { value, facts }
}

/** Objects of 2.1.1 do not name their owner, later ones name the one that the facts know. */
function withOwner(value: Json, version: Version): Json {
  return version === '2.1.1' || !('party_id' in value) ? value : { ...value, ...owner }
}

function charging({ kind, version, object, place }: Parts, facts: Facts): Case {
  const tariffs = object['tariffs']
  if (Array.isArray(tariffs)) {
    object['tariffs'] = tariffs.map((tariff: unknown) =>
      isRecord(tariff) ? withOwner(tariff, version) : tariff,
    )
  }
  if (version === '2.1.1') {
    const inner = oneConnector(isRecord(object['location']) ? object['location'] : {})
    const value = { ...object, auth_id: cdrToken.contract_id, location: inner }
    const up = convert(inner, { kind: 'location', from: '2.1.1', to: '2.2.1', facts })
    return { value, facts: { ...facts, location: up.ok ? up.value : null } }
  }
  const location = { ...withOwner(oneConnector(place), '2.2.1'), publish: true }
  const [evse] = listOf(location, 'evses')
  const [connector] = evse ? listOf(evse, 'connectors') : []
  const ids = {
    location_id: place['id'],
    evse_uid: evse?.['uid'],
    connector_id: connector?.['id'],
  }
  const value = { ...object, cdr_token: cdrToken, ...(kind === 'session' ? ids : {}) }
  return { value, facts: { ...facts, location } }
}

/** Location with the one EVSE and connector that a session took place at. */
function oneConnector(location: Json): Json {
  const [evse] = listOf(location, 'evses')
  if (!evse) {
    const connector = {
      id: '1',
      standard: 'IEC_62196_T2',
      format: 'SOCKET',
      power_type: 'AC_3_PHASE',
      voltage: 230,
      amperage: 16,
      last_updated: '2026-07-01T10:00:00Z',
    }
    const { voltage: max_voltage, amperage: max_amperage, ...rest } = connector
    const made = 'type' in location ? connector : { ...rest, max_voltage, max_amperage }
    const last_updated = connector.last_updated
    return {
      ...location,
      evses: [{ uid: 'E1', status: 'AVAILABLE', connectors: [made], last_updated }],
    }
  }
  return { ...location, evses: [{ ...evse, connectors: listOf(evse, 'connectors').slice(0, 1) }] }
}

function listOf(value: Json, name: string): Json[] {
  const list = value[name]
  return Array.isArray(list) ? list.filter(isRecord) : []
}

/** Values that a JSON schema takes, as an operator would write them. */
function arbitraryOf(schema: unknown, name: string): Arbitrary<unknown> {
  if (!isRecord(schema)) return fc.jsonValue({ maxDepth: 1 })
  if (Array.isArray(schema['enum'])) return enumOf(schema['enum'])
  if (Array.isArray(schema['examples'])) {
    return fc.constantFrom<unknown>(...schema['examples'], ...schema['examples'], 'nlTNM_OWN')
  }
  if (Array.isArray(schema['anyOf'])) {
    return fc.oneof(...schema['anyOf'].map((one: unknown) => arbitraryOf(one, name)))
  }
  switch (schema['type']) {
    case 'object':
      return objectOf(schema)
    case 'array': {
      const minLength = Number(schema['minItems'] ?? 0)
      return fc.array(arbitraryOf(schema['items'], name), { minLength, maxLength: 2 + minLength })
    }
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return integerOf(schema)
    case 'number':
      return NUMBERS[name] ?? decimal
    default:
      return textOf(schema)
  }
}

/** Most tariffs are for every session. */
function enumOf(values: unknown[]): Arbitrary<unknown> {
  const usual = values.includes('PROFILE_CHEAP') ? values.map(() => 'REGULAR') : []
  return fc.constantFrom<unknown>(...values, ...usual)
}

/** Restrictions that make an element unsayable in an earlier version; most elements have none of them. */
const RARE = ['min_current', 'max_current', 'reservation', 'booking']

function withoutRare(value: Json, isRare: boolean): Json {
  const entries = Object.entries(value).filter(([name]) => isRare || !RARE.includes(name))
  return Object.fromEntries(entries)
}

function objectOf(schema: Json): Arbitrary<unknown> {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {}
  const members = Object.entries(properties).map(
    ([name, member]) => [name, arbitraryOf(member, name)] as const,
  )
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : []
  const own = fc.record(Object.fromEntries(members), {
    requiredKeys: required,
    noNullPrototype: true,
  })
  // Members that no version knows go through every step.
  return fc
    .tuple(own, fc.boolean(), fc.nat(4))
    .map(([value, hasMore, rare]) => {
      const usual = withoutRare(value, rare === 0)
      return hasMore ? { ...usual, x_own: { note: 'kept' } } : usual
    })
    .map((value) => (required.includes('twentyfourseven') ? value : eitherHours(value)))
}

/** 2.1.1 Hours have regular_hours or twentyfourseven. */
function eitherHours(value: Json): Json {
  if (value['twentyfourseven'] !== false || listOf(value, 'regular_hours').length === 0)
    return value
  const { twentyfourseven: _, ...rest } = value
  return rest
}

const decimal = fc
  .tuple(fc.integer({ min: 0, max: 99_999 }), fc.constantFrom(1, 100, 10_000))
  .map(([digits, unit]) => digits / unit)
const NUMBERS: Record<string, Arbitrary<number>> = { vat: fc.constantFrom(0, 7, 19, 20, 5.5, 8.1) }

function integerOf(schema: Json): Arbitrary<number> {
  const { minimum, maximum } = schema
  return fc.integer({
    min: typeof minimum === 'number' ? minimum : 0,
    max: typeof maximum === 'number' ? maximum : 100_000,
  })
}

const times = fc.constantFrom(
  '2026-07-01T10:00:00Z',
  '2026-07-01T10:00:00.123Z',
  '2026-07-01T10:00:00',
)

function textOf(schema: Json): Arbitrary<string> {
  const max = Number(schema['maxLength'] ?? 40)
  const pattern = String(schema['pattern'] ?? '')
  if (schema['format'] === 'ocpi-date-time') return times
  if (/\[/.test(pattern) && !pattern.includes('x20')) {
    return fc.stringMatching(new RegExp(pattern)).filter((text) => text.length <= max)
  }
  const unit = fc.constantFrom(...'abcXYZ0189-_ ')
  return fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit, minLength: 1, maxLength: Math.min(max, 8) }) },
    { weight: 1, arbitrary: fc.constant('x'.repeat(Math.min(max, 60))) },
  )
}

const everyName = KINDS.flatMap((kind) =>
  VERSIONS.flatMap((version) => [...memberNames(kind, version)]),
)

/** Any JSON under the names that OCPI uses, so that every step meets what it does not expect. */
export const garbage: Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<unknown>(
      null,
      '',
      'NO',
      '-1e999',
      '12',
      '\u0000',
      true,
      0,
      -1.5,
      1e300,
      {},
      [],
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...everyName, '__proto__', 'constructor'), tie('value'), {
      maxKeys: 6,
      noNullPrototype: true,
    }),
  ),
})).value

/** A copy with `wild` in place of the value at one of its places, chosen by `place`. */
export function spoiled(value: Json, place: number, wild: unknown): unknown {
  const pointers: (string | number)[][] = []
  const visit = (at: unknown, path: (string | number)[]): void => {
    if (path.length > 0) pointers.push(path)
    if (Array.isArray(at)) at.forEach((item, index) => visit(item, [...path, index]))
    else if (isRecord(at)) {
      for (const [name, member] of Object.entries(at)) visit(member, [...path, name])
    }
  }
  visit(value, [])
  return replaced(value, pointers[place % pointers.length] ?? [], wild)
}

function replaced(value: unknown, path: (string | number)[], wild: unknown): unknown {
  const [first, ...rest] = path
  if (first === undefined) return wild
  if (Array.isArray(value)) {
    return value.map((item, index) => (index === first ? replaced(item, rest, wild) : item))
  }
  return isRecord(value) ? { ...value, [first]: replaced(value[first], rest, wild) } : value
}
