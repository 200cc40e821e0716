import { limits } from '../../../config/limits.ts'
import { connectorMaxKw } from '../../clearing/connector-power.ts'
import { judgeCredit } from '../../clearing/credit.ts'
import { judge } from '../../clearing/judge.ts'
import type { Judgement } from '../../clearing/judge.ts'
import type { Standing } from '../../clearing/standing.ts'
import { isRecord } from '../../ocpi/validate.ts'
import type { PricedCdr } from '../../pricing/types.ts'
import type { Agreed } from '../agreements.ts'
import { clearingTermsOf } from '../filled-terms.ts'
import type { CdrRow, Facts } from './clear-facts.ts'
import { priceRow, tariffOf } from './clear-price.ts'
import type { Pricing } from './clear-price.ts'
import { connectorOf } from './clear-tariffs.ts'

/** What clearing found out about one CDR. */
export type Judged = {
  row: CdrRow
  agreed: Agreed
  judgement: Judgement
  priced: PricedCdr | null
  /** What it was priced by; null where there was nothing to price by. */
  pricing: Pricing | null
  waitUntil: Date
  /** The CDR that a credit reverses. */
  original: CdrRow | null
}

/** Judges one CDR by the facts; without `standing` as if nothing of it were booked. Pure. */
export function judgeRow(input: {
  row: CdrRow
  facts: Facts
  agreed: Agreed
  now: Date
  standing?: Standing | null
}): Judged {
  return input.row.is_credit ? judgeCreditRow(input) : judgeNormalRow(input)
}

function judgeNormalRow({
  row,
  facts,
  agreed,
  now,
  standing = null,
}: Parameters<typeof judgeRow>[0]): Judged {
  const waitUntil = new Date(row.received_at.getTime() + limits.unmatchedWaitMs)
  const session = facts.sessions.get(`${row.owner}/${row.session_key ?? ''}`)
  const token = facts.tokens.get(row.id)
  const foreign = facts.foreignTokens.get(row.id)
  const location = facts.locations.get(`${row.owner}/${row.location_key ?? ''}`)
  const connector = connectorOf(row, facts.locations)
  const tariff = tariffOf(row, facts)
  const prices = priceRow({ row, facts, tariff, agreed })
  const { pricing, priced, stored, contract, isUnpublished = false } = prices
  const { terms } = agreed
  const judgement = judge({
    cdr: {
      owner: row.owner,
      receiver: row.receiver,
      value: withSession(row, session),
      receivedAt: row.received_at,
      channel: row.channel,
      platformId: row.platform_id,
      hash: row.sha256,
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
    pricing,
    others: { stored, agreed: contract, isUnpublished },
    prior: {
      sameSession: facts.sameSession.get(row.id) ?? [],
      overlapping: facts.overlapping.get(row.id) ?? [],
    },
    known: facts.known.get(row.id) ?? {},
    agreement: clearingTermsOf(terms),
    waitOver: now >= waitUntil,
    standing,
  })
  return { row, agreed, judgement, priced, pricing, waitUntil, original: null }
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
      channel: row.channel,
      platformId: row.platform_id,
      hash: row.sha256,
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
    agreement: clearingTermsOf(agreed.terms),
    waitOver: now >= waitUntil,
  })
  return { row, agreed, judgement, priced: null, pricing: null, waitUntil, original }
}
