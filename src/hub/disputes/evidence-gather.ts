import { limits } from '../../../config/limits.ts'
import { assert } from '../../assert.ts'
import { isSameClaim } from '../../clearing/pack/recompute.ts'
import { at, readText } from '../../clearing/read.ts'
import { EVIDENCE_NAMES } from '../../clearing/pack/types.ts'
import type { FrozenManifest, Recomputation, SignedEvidence } from '../../clearing/pack/types.ts'
import { readSigned } from '../../clearing/signed/read.ts'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { dropNulls } from '../../ocpi/validate.ts'
import { readFacts, readCdrRows } from '../cdrs/clear-facts.ts'
import type { CdrRow, Facts } from '../cdrs/clear-facts.ts'
import { priceRow, tariffOf } from '../cdrs/clear-price.ts'
import type { Prices } from '../cdrs/clear-price.ts'
import { readAgreed } from './evidence-agreed.ts'
import { minimiser } from './minimised.ts'
import type { Minimiser } from './minimised.ts'

/** One piece of evidence before it has a number. */
export type EvidenceFile = { name: string; media: string; bytes: Buffer }

/**
 * Everything known about the session of a CDR, as files. Cards and contracts are hashed but in the CDR itself, which
 * both parties have; a file with nothing in it is left out. The price is reckoned from the JSON that stands in the file,
 * so that whoever reads it reckons the same.
 */
export async function gatherEvidence(
  tx: Tx,
  { disputeId, cdrId }: { disputeId: bigint; cdrId: bigint },
): Promise<{ cdr: NonNullable<FrozenManifest['cdr']>; files: EvidenceFile[] }> {
  const [row] = await readCdrRows(tx, { ids: [cdrId], forUpdate: false })
  assert(row !== undefined, `dispute ${disputeId} is about a CDR that is not there`)
  const facts = await readFacts(tx, [row], [])
  const original = await readOriginal(tx, cdrId)
  const sent = dropNulls(parsed(original.original))
  const minimised = minimiser(original.original)
  const cards = cardsOf(sent)
  const agreed = await readAgreed(tx, row)
  const prices = priceRow({ row, facts, tariff: tariffOf(row, facts), agreed })
  const known = facts.known.get(row.id)
  const tokenKnown = known?.token
    ? { received_at: known.token.receivedAt, token: minimised.members(known.token.value) }
    : null
  const pieces: [name: string, value: unknown][] = [
    ['receipt.json', receiptOf(row, original)],
    ['session-history.json', await readSession(tx, { row, minimised })],
    ['tariffs.json', tariffsOf(prices)],
    ['authority.json', filled({ token: tokenKnown, requests: listed(known?.authorizations) })],
    ['location.json', known?.place ?? null],
    ['emsp-record.json', await readRecords(tx, { cdrId, minimised })],
    [EVIDENCE_NAMES.signed, signedOf(sent, known?.meter?.registeredKey ?? null)],
    [EVIDENCE_NAMES.recomputation, recomputationOf(prices, { sent, minimised })],
    ['agreement.json', { version: agreed.version, terms: agreed.terms }],
    [
      'findings.json',
      hidden(await readFindings(tx, cdrId), (text) => minimised.words(text, cards)),
    ],
    ['decisions.json', await readDecisions(tx, disputeId)],
  ]
  return {
    cdr: { party: row.owner, id: row.cdr_id, emsp: row.receiver, currency: row.currency },
    files: [
      { name: EVIDENCE_NAMES.cdr, media: 'application/json', bytes: original.original },
      ...pieces.flatMap(([name, value]) => (value === null ? [] : [jsonFile(name, value)])),
    ],
  }
}

/** The ids in a CDR that findings may quote. */
function cardsOf(sent: unknown): string[] {
  const names = ['/cdr_token/uid', '/cdr_token/contract_id', '/auth_id']
  return names.flatMap((pointer) => readText(at(sent, pointer)) ?? [])
}

/** The same with every text in it changed. */
function hidden(value: object[] | null, change: (text: string) => string): unknown {
  if (value === null) return null
  return JSON.parse(jsonText(value), (_, member: unknown) =>
    typeof member === 'string' ? change(member) : member,
  )
}

type Original = { original: Buffer; ocpi_version: string; channel: string; content_hash: string }

async function readOriginal(tx: Tx, cdrId: bigint): Promise<Original> {
  const [found] = await tx.rows<Original>(sql`
    select original, ocpi_version, channel, encode(content_hash, 'hex') as content_hash
    from cdrs where id = ${cdrId.toString()}::bigint`)
  assert(found !== undefined, 'a CDR that was just read is not there')
  return found
}

function receiptOf(
  row: CdrRow,
  { ocpi_version: version, channel, content_hash: hash }: Original,
): object {
  return {
    received_at: row.received_at,
    how: channel === 'pull' ? 'fetched by the hub' : 'sent by its owner',
    ocpi_version: version,
    content_hash: hash,
    correlation_id: row.correlation_id,
    doubts: row.doubts,
  }
}

/** Every message about the session with when it came; `sha256` is of the message as it came, `message` minimised. */
async function readSession(
  tx: Tx,
  { row, minimised }: { row: CdrRow; minimised: Minimiser },
): Promise<object[] | null> {
  if (row.session_key === null) return null
  const steps = await tx.rows<{ body: string } & Record<string, unknown>>(sql`
    select at as received_at, method, status, kwh, last_updated, encode(sha256, 'hex') as sha256, body
    from session_steps where owner = ${row.owner} and object_key = ${row.session_key}
    order by id limit ${limits.evidenceStepsMax}`)
  return listed(
    steps.map(({ body, ...step }) => ({ ...step, message: minimised.members(parsed(body)) })),
  )
}

function tariffsOf({ pricing, stored, contract }: Prices): object | null {
  if (pricing === null) return null
  return { priced_by: pricing.tariffs, as_stored: totalsOf(stored), as_agreed: totalsOf(contract) }
}

function totalsOf(priced: Prices['priced']): object | null {
  if (priced === null) return null
  return priced.ok ? { currency: priced.currency, total: priced.total } : { cannot: priced.message }
}

async function readRecords(
  tx: Tx,
  { cdrId, minimised }: { cdrId: bigint; minimised: Minimiser },
): Promise<object[] | null> {
  const records = await tx.rows<{ value: unknown } & Record<string, unknown>>(sql`
    select r.record_id, r.revision, r.source, r.received_at, encode(r.content_hash, 'hex') as content_hash,
      m.kind, m.tier, m.score, m.confirmed, m.shift_minutes, r.value
    from record_matches m join emsp_records r on r.id = m.record_id
    where m.cdr_id = ${cdrId.toString()}::bigint and not m.rejected order by r.id limit ${limits.evidenceDecisionsMax}`)
  return listed(
    records.map(({ value, ...record }) => ({ ...record, record: minimised.members(value) })),
  )
}

function signedOf(sent: unknown, registeredKey: string | null): SignedEvidence | null {
  const readings = readSigned(sent, { registeredKey })
  return readings.length === 0 ? null : { registered_key: registeredKey, readings }
}

function recomputationOf(
  { pricing, priced }: Prices,
  { sent, minimised }: { sent: unknown; minimised: Minimiser },
): Recomputation {
  if (pricing === null || priced === null)
    return { possible: false, why: 'No tariff is known that the session was charged by.' }
  const { cdr, tariffs, options } = pricing
  const policy = options.policy
  assert(policy !== undefined, 'a CDR is priced by a policy')
  return {
    possible: true,
    as_sent: isSameClaim(sent, cdr),
    cdr: minimised.members(cdr),
    tariffs,
    time_zone: options.timeZone ?? null,
    policy,
    bill: priced,
  }
}

async function readFindings(tx: Tx, cdrId: bigint): Promise<object[] | null> {
  return listed(
    await tx.rows(sql`
    select code, severity, message, inputs, expected, actual, difference, tolerance, explanation, evidence, at
    from cdr_findings where cdr_id = ${cdrId.toString()}::bigint and superseded_at is null order by id`),
  )
}

/** What was decided before in disputes of the same pair about the same, newest first. */
export async function readDecisions(tx: Tx, disputeId: bigint): Promise<object[] | null> {
  return listed(
    await tx.rows(sql`
    select o.id as dispute, o.code, o.outcome, o.closed_at, o.currency, o.net_micros::text as disputed_net_micros,
      o.upheld_net::text as upheld_net_micros, o.round
    from disputes d join disputes o on o.owner = d.owner and o.receiver = d.receiver and o.code = d.code
      and o.id <> d.id and o.closed_at is not null
    where d.id = ${disputeId.toString()}::bigint
    order by o.closed_at desc, o.id desc limit ${limits.evidenceDecisionsMax}`),
  )
}

function parsed(text: Buffer | string): unknown {
  try {
    return JSON.parse(text.toString().replace(/^\ufeff/, ''))
  } catch {
    return null
  }
}

function listed<T extends object>(items: readonly T[] | undefined): T[] | null {
  return items === undefined || items.length === 0 ? null : [...items]
}

/** Null where every member is null. */
function filled(value: Readonly<Record<string, unknown>>): object | null {
  return Object.values(value).every((member) => member === null) ? null : value
}

/** A value as a file of JSON; members stand in the order in which they are given. */
export function jsonFile(name: string, value: unknown): EvidenceFile {
  const text = JSON.stringify(JSON.parse(jsonText(value)), null, 2)
  return { name, media: 'application/json', bytes: Buffer.from(`${text}\n`) }
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? member.toString() : member,
  )
}
