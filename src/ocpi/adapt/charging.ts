import { authMethod, chargingPeriod, tokenType } from '../modules/parts.ts'
import { foldKey } from '../primitives.ts'
import { isRecord } from '../validate.ts'
import type { Version } from '../version.ts'
import type { Json, StepWork } from './define.ts'
import { changeList, changeMember, editObject, loseMembers } from './members.ts'
import type { Part } from './members.ts'
import { timeDown } from './times.ts'
import { valuesAt } from './values.ts'

/** What Sessions and CDRs say in the same way: whose card it was, how it was accepted, and the charging periods. */

/**
 * 2.1.1 auth_id → cdr_token, from the Token that has it as its contract id. Without that Token auth_id stays as it is:
 * it may still tell whose driver it was, and without cdr_token the object is not valid.
 */
export function fillCdrToken(draft: Json, work: StepWork): void {
  if (!Object.hasOwn(draft, 'auth_id')) return
  const { token } = work.facts
  if (!isRecord(token)) {
    work.lose('/auth_id', 'belongs to no Token that is known, so there is no cdr_token')
    return
  }
  loseMembers(draft, work, { names: ['cdr_token'], reason: 'auth_id says it in this version' })
  const { country_code, party_id, uid, type } = token
  const contractId = contractIdOf(token, draft['auth_id'], work)
  draft['cdr_token'] = { country_code, party_id, uid, type, contract_id: contractId }
  delete draft['auth_id']
}

/** Contract ids are compared without case, and 2.1.1 ids have one: what the sender wrote wins when they are equal. */
function contractIdOf(token: Json, authId: unknown, work: StepWork): unknown {
  const known = token['contract_id']
  if (typeof known !== 'string') return authId
  if (typeof authId === 'string' && foldKey(known) === foldKey(authId)) return authId
  work.lose('/auth_id', 'is not the contract id of the Token')
  return known
}

/** cdr_token → 2.1.1 auth_id. A value without a contract id leaves no auth_id. */
export function dropCdrToken(draft: Json, work: StepWork): void {
  if (!Object.hasOwn(draft, 'cdr_token')) return
  const token = draft['cdr_token']
  const reason = 'only its contract id goes on, as auth_id'
  loseMembers(draft, work, { names: ['cdr_token', 'auth_id'], reason })
  if (isRecord(token) && token['contract_id'] !== undefined) draft['auth_id'] = token['contract_id']
}

const tokenTypes = {
  '2.1.1': valuesAt({ '2.1.1': tokenType('2.1.1') }, { version: '2.1.1', path: [] }),
  '2.2.1': valuesAt({ '2.2.1': tokenType('2.2.1') }, { version: '2.2.1', path: [] }),
}

/** A TokenType that the older version does not have becomes OTHER. */
export function tokenTypeDown(to: '2.1.1' | '2.2.1'): Part {
  return (type, work) => {
    if (typeof type !== 'string' || tokenTypes[to]?.has(type) !== false) return type
    work.lose('', `${type} is no TokenType of ${to} and becomes OTHER`)
    return 'OTHER'
  }
}

/** A Token or CdrToken of 2.3.0 in 2.2.1. */
export const tokenTo221: Part = editObject((draft, work) => {
  changeMember(draft, work, { name: 'type', part: tokenTypeDown('2.2.1') })
})

const authMethods211 = valuesAt({ '2.1.1': authMethod('2.1.1') }, { version: '2.1.1', path: [] })

/** COMMAND is newer than 2.1.1: the driver was known to the eMSP, as with AUTH_REQUEST. */
export const authMethodDown: Part = (method, work) => {
  if (typeof method !== 'string' || authMethods211?.has(method) !== false) return method
  work.lose('', `${method} becomes AUTH_REQUEST in 2.1.1`)
  return 'AUTH_REQUEST'
}

const dimensionTypes = (version: Version): ReadonlySet<string> | null =>
  valuesAt({ [version]: chargingPeriod(version) }, { version, path: ['dimensions', 'type'] })
const types211 = dimensionTypes('2.1.1')
const types221 = dimensionTypes('2.2.1')

/** Takes out what 2.2.1 has no dimension for: FLAT. `tariffId`: the tariff of periods that name none. */
export function changePeriodsUp(draft: Json, work: StepWork, tariffId?: unknown): void {
  const isKept = (type: string): boolean =>
    types211?.has(type) !== true || types221?.has(type) === true
  const part = periodPart({ isKept, version: '2.2.1' })
  changeList(draft, work, {
    name: 'charging_periods',
    part: (period, inner) => {
      const changed = part(period, inner)
      if (tariffId === undefined || !isRecord(changed) || changed['tariff_id'] !== undefined) {
        return changed
      }
      return { ...changed, tariff_id: tariffId }
    },
  })
}

/** The periods as 2.1.1 has them: without tariff_id, fractions of seconds and newer dimensions. */
export function changePeriodsDown(draft: Json, work: StepWork): void {
  const isKept = (type: string): boolean => types211?.has(type) === true
  const part = periodPart({ isKept, version: '2.1.1' })
  const membersDown = editObject((period, inner) => {
    loseMembers(period, inner, { names: ['tariff_id'], reason: '2.1.1 periods name no tariff' })
    changeMember(period, inner, { name: 'start_date_time', part: timeDown })
  })
  changeList(draft, work, {
    name: 'charging_periods',
    part: (period, inner) => {
      const changed = part(period, inner)
      return changed === undefined ? undefined : membersDown(changed, inner)
    },
  })
}

/** The dimensions of 2.3.0 Bookings are unknown to 2.2.1. */
export function changePeriodsTo221(draft: Json, work: StepWork): void {
  const isKept = (type: string): boolean => types221?.has(type) === true
  changeList(draft, work, {
    name: 'charging_periods',
    part: periodPart({ isKept, version: '2.2.1' }),
  })
}

type DimensionRule = { isKept: (type: string) => boolean; version: Version }

/** Takes out the dimensions that are not kept, and a period that has none left: a period needs one. */
function periodPart({ isKept, version }: DimensionRule): Part {
  const dimensionPart: Part = (dimension, work) => {
    const type = isRecord(dimension) ? dimension['type'] : undefined
    if (typeof type !== 'string' || isKept(type)) return dimension
    work.lose('', `${type} is no dimension of ${version}`)
    return undefined
  }
  return (period, work) => {
    if (!isRecord(period)) return period
    const draft = { ...period }
    changeList(draft, work, { name: 'dimensions', part: dimensionPart })
    if (Array.isArray(draft['dimensions']) && draft['dimensions'].length === 0) {
      work.lose('', 'has no dimension left')
      return undefined
    }
    return draft
  }
}

/**
 * A CDR needs a period. When all of `periods` are gone the first stays with a dimension that says nothing, so that the
 * CDR can be sent: its totals are what counts. `time` writes its start for the other version.
 */
export function keepOnePeriod(
  draft: Json,
  work: StepWork,
  { periods, time }: { periods: unknown; time?: Part },
): void {
  const left = draft['charging_periods']
  if (!Array.isArray(periods) || !Array.isArray(left) || left.length > 0) return
  const first: unknown = periods[0]
  if (!isRecord(first)) return
  work.lose('/charging_periods', 'is one period with the dimension TIME 0, because one is needed')
  const kept: Json = { ...first, dimensions: [{ type: 'TIME', volume: 0 }] }
  delete kept['tariff_id']
  if (time) changeMember(kept, work, { name: 'start_date_time', part: time })
  draft['charging_periods'] = [kept]
}
