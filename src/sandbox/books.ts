import { createHash } from 'node:crypto'
import { decimalText } from './decimals.ts'
import type { BuiltCdr } from './cdr.ts'
import { partyCode } from './world.ts'
import type { FaultKind, SessionPlan } from './world.ts'

/** A CDR as its sender remembers it. Amounts are decimal text; tax is '0' where the CDR names none. */
type SentCdr = {
  owner: string
  id: string
  sessionId: string
  receiver: string
  fault: FaultKind | undefined
  currency: string
  net: string
  tax: string
  expectedNet: string
  expectedTax: string
  heldNet: string
  heldTax: string
  digest: string
}

/** A CDR as its receiver remembers it. `times` counts deliveries, `versions` different contents. */
type ReceivedCdr = { receiver: string; times: number; digests: string[] }

/** A message that was not answered with 1000 in the end. */
type Refusal = { method: string; url: string; status: number; code: number; message: string }

/** What one partner did and saw. Keys are `locations/NL-TNM/ID`, `cdrs/NL-TNM/ID` …; values are digests of bytes. */
export type Books = {
  messages: number
  answered1000: number
  retries: number
  refusals: Refusal[]
  sent: Map<string, string>
  /** Every body sent of a session, in order. */
  sentSessions: Map<string, string[]>
  sentCdrs: Map<string, SentCdr>
  received: Map<string, string>
  receivedSessions: Map<string, string[]>
  receivedCdrs: Map<string, ReceivedCdr>
  pulled: Map<string, string>
  authorizations: number
  readBack: { count: number; differing: number }
}

export function createBooks(): Books {
  return {
    messages: 0,
    answered1000: 0,
    retries: 0,
    refusals: [],
    sent: new Map(),
    sentSessions: new Map(),
    sentCdrs: new Map(),
    received: new Map(),
    receivedSessions: new Map(),
    receivedCdrs: new Map(),
    pulled: new Map(),
    authorizations: 0,
    readBack: { count: 0, differing: 0 },
  }
}

/** A short digest of what went over the wire: equal digests mean equal bytes. */
export function digestOf(text: string): string {
  return createHash('sha1').update(text).digest('base64url').slice(0, 16)
}

/** Enters a CDR that is about to be sent. */
export function sentCdr(request: { plan: SessionPlan; built: BuiltCdr; text: string }): SentCdr {
  const { plan, built, text } = request
  const taxOf = ({ net, gross }: BuiltCdr['claimed']) => (gross === undefined ? 0n : gross - net)
  // A duplicate is the fault; the first CDR of that session is sound.
  const fault = plan.fault === 'duplicate' && !built.isDuplicate ? undefined : plan.fault
  return {
    owner: partyCode(plan.cpo),
    id: built.id,
    sessionId: plan.id,
    receiver: partyCode(plan.emsp),
    fault,
    currency: built.currency,
    net: decimalText(built.claimed.net, 6),
    tax: decimalText(taxOf(built.claimed), 6),
    expectedNet: decimalText(built.expected.net, 6),
    expectedTax: decimalText(taxOf(built.expected), 6),
    heldNet: decimalText(built.atRisk.net, 6),
    heldTax: decimalText(taxOf(built.atRisk), 6),
    digest: digestOf(text),
  }
}

/** Enters a delivered CDR; delivering the same content again is no other delivery, just one more time. */
export function noteReceivedCdr(
  books: Books,
  got: { key: string; receiver: string; text: string },
): void {
  const digest = digestOf(got.text)
  const known = books.receivedCdrs.get(got.key)
  if (!known) {
    books.receivedCdrs.set(got.key, { receiver: got.receiver, times: 1, digests: [digest] })
    return
  }
  known.times += 1
  if (!known.digests.includes(digest)) known.digests.push(digest)
}

/** Enters one message of a session; a repeated one (a retry) is entered once. */
export function noteSession(sessions: Map<string, string[]>, got: { key: string; text: string }) {
  const digest = digestOf(got.text)
  const known = sessions.get(got.key) ?? []
  if (!known.includes(digest)) known.push(digest)
  sessions.set(got.key, known)
}

/** The books as one JSON text, to hand them from a partner's process to the demo. */
export function writeBooks(books: Books): string {
  return JSON.stringify(books, (_key, value: unknown) =>
    value instanceof Map ? { entries: [...value] } : value,
  )
}
