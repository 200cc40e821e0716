import { readFile } from 'node:fs/promises'
import { decimalUnits } from './decimals.ts'
import { numberOf, objectIn, objectsIn, needText, parseJson, textOf, textsIn } from './json.ts'
import type { Json } from './json.ts'
import type { Pair } from './pairs.ts'
import type { FaultKind } from './world.ts'

/** A CDR that was sent, and what must become of it by the sandbox's own books. Amounts in micro-units. */
export type MeantCdr = {
  key: string
  owner: string
  id: string
  receiver: string
  currency: string
  fault: FaultKind | undefined
  net: bigint
  tax: bigint
  expectedNet: bigint
  /** What is held of it, and where the rest stands. */
  heldNet: bigint
  heldTax: bigint
  rest: 'approved' | 'provisional'
  digest: string
  state: 'approved' | 'provisional' | 'held' | 'quarantined'
}

/** The books of one platform, read back from its file. */
export type PlatformBooks = {
  name: string
  messages: number
  answered1000: number
  retries: number
  authorizations: number
  refusals: { method: string; url: string; status: number; code: number; message: string }[]
  readBack: { count: number; differing: number }
  sent: Map<string, string>
  received: Map<string, string>
  pulled: Map<string, string>
  sentSessions: Map<string, string[]>
  receivedSessions: Map<string, string[]>
  sentCdrs: Map<string, Json>
  receivedCdrs: Map<string, { receiver: string; times: number; digests: string[] }>
}

/** Reads what `writeBooks` wrote. */
export async function readBooks(name: string, file: string): Promise<PlatformBooks> {
  const books = objectIn(parseJson(await readFile(file, 'utf8')))
  const readBack = objectIn(books['readBack'])
  const number = (key: string) => numberOf(books, key) ?? 0
  return {
    name,
    messages: number('messages'),
    answered1000: number('answered1000'),
    retries: number('retries'),
    authorizations: number('authorizations'),
    refusals: objectsIn(books['refusals']).map((one) => ({
      method: needText(one, 'method'),
      url: needText(one, 'url'),
      status: numberOf(one, 'status') ?? 0,
      code: numberOf(one, 'code') ?? 0,
      message: textOf(one, 'message') ?? '',
    })),
    readBack: {
      count: numberOf(readBack, 'count') ?? 0,
      differing: numberOf(readBack, 'differing') ?? 0,
    },
    sent: mapOf(books, 'sent', (value) => String(value)),
    received: mapOf(books, 'received', (value) => String(value)),
    pulled: mapOf(books, 'pulled', (value) => String(value)),
    sentSessions: mapOf(books, 'sentSessions', textsIn),
    receivedSessions: mapOf(books, 'receivedSessions', textsIn),
    sentCdrs: mapOf(books, 'sentCdrs', objectIn),
    receivedCdrs: mapOf(books, 'receivedCdrs', (value) => {
      const got = objectIn(value)
      return {
        receiver: needText(got, 'receiver'),
        times: numberOf(got, 'times') ?? 0,
        digests: textsIn(got['digests']),
      }
    }),
  }
}

function mapOf<T>(books: Json, key: string, read: (value: unknown) => T): Map<string, T> {
  const found = new Map<string, T>()
  const entries = objectIn(books[key])['entries']
  if (!Array.isArray(entries)) return found
  for (const entry of entries) {
    if (!Array.isArray(entry)) continue
    const [name, value]: unknown[] = entry
    if (typeof name === 'string') found.set(name, read(value))
  }
  return found
}

/** All CDRs that were sent, with the state that they must come to. */
export function meantCdrs(books: PlatformBooks[], pairs: Pair[]): MeantCdr[] {
  const policies = new Map(pairs.map((pair) => [`${pair.cpo}>${pair.emsp}`, pair.policy]))
  return books.flatMap((one) =>
    [...one.sentCdrs].map(([key, cdr]): MeantCdr => {
      const owner = needText(cdr, 'owner')
      const receiver = needText(cdr, 'receiver')
      const fault = faultOf(textOf(cdr, 'fault'))
      const policy = policies.get(`${owner}>${receiver}`)
      const sound = policy === undefined || policy === 'not yet' ? 'provisional' : 'approved'
      const heldNet = decimalUnits(needText(cdr, 'heldNet'), 6)
      return {
        key,
        owner,
        id: needText(cdr, 'id'),
        receiver,
        currency: needText(cdr, 'currency'),
        fault,
        net: decimalUnits(needText(cdr, 'net'), 6),
        tax: decimalUnits(needText(cdr, 'tax'), 6),
        expectedNet: decimalUnits(needText(cdr, 'expectedNet'), 6),
        heldNet,
        heldTax: decimalUnits(needText(cdr, 'heldTax'), 6),
        // A provider approves what is not held; a part of a held CDR is approved with its contest period only.
        rest: policy === 'at once' ? 'approved' : 'provisional',
        digest: needText(cdr, 'digest'),
        // Where nothing is asked for too much, nothing is held: energy may be free.
        state: fault === 'owner' ? 'quarantined' : heldNet > 0n ? 'held' : sound,
      }
    }),
  )
}

function faultOf(text: string | undefined): FaultKind | undefined {
  switch (text) {
    case 'price':
    case 'energy':
    case 'duplicate':
    case 'owner':
      return text
    default:
      return undefined
  }
}

/** Whether two maps hold the same keys and values; the first few that differ. */
export function differences<T>(expected: Map<string, T>, actual: Map<string, T>): string[] {
  const same = (a: T | undefined, b: T | undefined) => JSON.stringify(a) === JSON.stringify(b)
  const wrong: string[] = []
  for (const [key, value] of expected) {
    if (!actual.has(key)) wrong.push(`${key} is missing`)
    else if (!same(actual.get(key), value)) wrong.push(`${key} differs`)
  }
  for (const key of actual.keys()) if (!expected.has(key)) wrong.push(`${key} was never sent`)
  return wrong
}
