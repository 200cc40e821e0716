import { limits } from '../../../config/limits.ts'
import { connectorMaxKw } from '../../clearing/connector-power.ts'
import { judgeCredit } from '../../clearing/credit.ts'
import { judge } from '../../clearing/judge.ts'
import type { Judgement } from '../../clearing/judge.ts'
import type { TariffInput } from '../../clearing/input.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { priceCdr } from '../../pricing/price.ts'
import type { PricedCdr } from '../../pricing/types.ts'
import type { Agreed } from '../agreements.ts'
import { connectorOf, tariffIds } from './clear-facts.ts'
import type { CdrRow, Facts } from './clear-facts.ts'

/** What clearing found out about one CDR. */
export type Judged = {
  row: CdrRow
  agreed: Agreed
  judgement: Judgement
  priced: PricedCdr | null
  waitUntil: Date
  /** The CDR that a credit reverses. */
  original: CdrRow | null
}

/** Judges one CDR by the facts. Pure. */
export function judgeRow(input: { row: CdrRow; facts: Facts; agreed: Agreed; now: Date }): Judged {
  return input.row.is_credit ? judgeCreditRow(input) : judgeNormalRow(input)
}

function judgeNormalRow({ row, facts, agreed, now }: Parameters<typeof judgeRow>[0]): Judged {
  const waitUntil = new Date(row.received_at.getTime() + limits.unmatchedWaitMs)
  const session = facts.sessions.get(`${row.owner}/${row.session_key ?? ''}`)
  const token = facts.tokens.get(row.id)
  const foreign = facts.foreignTokens.get(row.id)
  const location = facts.locations.get(`${row.owner}/${row.location_key ?? ''}`)
  const connector = connectorOf(row, facts.locations)
  const tariff = tariffOf(row, facts)
  const priced = priceOf({ row, tariff, agreed, location })
  const { terms } = agreed
  const judgement = judge({
    cdr: {
      owner: row.owner,
      receiver: row.receiver,
      value: withSession(row, session),
      receivedAt: row.received_at,
      doubts: row.doubts,
    },
    session: session === undefined ? { state: 'missing' } : { state: 'found', value: session },
    token: token
      ? { state: 'found', source: token.source, afterStart: token.afterStart }
      : foreign === undefined
        ? { state: 'missing' }
        : { state: 'foreign', owner: foreign },
    tariff,
    location:
      location === undefined
        ? null
        : { maxPowerKw: connector === undefined ? null : connectorMaxKw(connector) },
    priced,
    prior: {
      sameSession: facts.sameSession.get(row.id) ?? [],
      overlapping: facts.overlapping.get(row.id) ?? [],
    },
    agreement: {
      tolerance: terms.tolerance,
      cdrAgeDaysMax: terms.cdr_age_days_max,
      severities: terms.severities ?? {},
    },
    waitOver: now >= waitUntil,
  })
  return { row, agreed, judgement, priced, waitUntil, original: null }
}

/** A CDR of 2.1.1 names no session; the one it was matched with is compared as if it did. */
function withSession({ value, session_key: key }: CdrRow, session: unknown): unknown {
  if (key === null || !isRecord(value) || value.session_id !== undefined) return value
  const id = isRecord(session) && typeof session.id === 'string' ? session.id : key
  return { ...value, session_id: id }
}

function judgeCreditRow({ row, facts, agreed, now }: Parameters<typeof judgeRow>[0]): Judged {
  const waitUntil = new Date(row.received_at.getTime() + limits.orphanCreditWaitMs)
  const key = `${row.owner}/${row.original_key ?? ''}`
  const original = facts.originals.get(key) ?? null
  const judgement = judgeCredit({
    cdr: {
      owner: row.owner,
      receiver: row.receiver,
      value: row.value,
      receivedAt: row.received_at,
      doubts: row.doubts,
    },
    original: original
      ? {
          state: 'found',
          value: original.value,
          cdrState: original.state,
          isCredit: original.is_credit,
          creditedBy: facts.creditedBy.get(row.id) ?? null,
        }
      : { state: 'missing' },
    agreement: { severities: agreed.terms.severities ?? {} },
    waitOver: now >= waitUntil,
  })
  return { row, agreed, judgement, priced: null, waitUntil, original }
}

function tariffOf(row: CdrRow, facts: Facts): TariffInput {
  const cdr = isRecord(row.value) ? row.value : {}
  if (Array.isArray(cdr.tariffs) && cdr.tariffs.length > 0)
    return { state: 'own', tariffs: cdr.tariffs }
  const ids = tariffIds(row, facts.locations)
  const found = ids.flatMap((id) => facts.tariffs.get(`${row.id}/${id}`) ?? [])
  if (ids.length === 0 || found.length < ids.length) return { state: 'missing' }
  return {
    state: 'stored',
    tariffs: found.map(({ value }) => value),
    afterStart: found.some(({ afterStart }) => afterStart),
  }
}

function priceOf(input: {
  row: CdrRow
  tariff: TariffInput
  agreed: Agreed
  location: unknown
}): PricedCdr | null {
  const { row, tariff, agreed, location } = input
  if (tariff.state === 'missing') return null
  const timeZone =
    isRecord(location) && typeof location.time_zone === 'string' ? location.time_zone : null
  const stepSize = agreed.terms.pricing_policy?.step_size
  return priceCdr(row.value, tariff.tariffs, {
    timeZone,
    ...(stepSize === undefined ? {} : { policy: { stepSize } }),
  })
}
