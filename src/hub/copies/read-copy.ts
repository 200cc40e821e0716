import { limits } from '../../../config/limits.ts'
import { present } from '../../assert.ts'
import type { Fault } from '../../errors.ts'
import { withExactNumbers } from '../../ocpi/canonical.ts'
import type { Module, ObjectDefinition } from '../../ocpi/define.ts'
import { fineAmounts } from '../../ocpi/fine-amounts.ts'
import { foldKey, partyOf, readTime } from '../../ocpi/primitives.ts'
import { repair } from '../../ocpi/repair.ts'
import type { Repair } from '../../ocpi/repair.ts'
import { judgeWithChildren, withoutChildren } from '../../ocpi/repair-children.ts'
import { scanBody } from '../../ocpi/scan.ts'
import { mergePatch } from '../../ocpi/splice.ts'
import { dropNulls, isRecord, schemaFor, validate } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'
import { newestTime } from '../objects/mutation.ts'
import { doubtIn } from '../objects/quarantine.ts'
import { repeatedMember } from '../objects/soft-faults.ts'

type Json = Record<string, unknown>

/** Members that whoever brings an object knows although the object does not say them, and whose object it is then. */
export type Supplement =
  | { ok: true; owner: string | null; members: Json; findings: readonly Fault[] }
  | { ok: false; fault: Fault }

/** How objects that nobody pushed are read. `supplement` sees the value without nulls, as it was sent. */
export type CopyRules = {
  module: Module
  version: Version
  now: Date
  supplement(value: Json): Supplement
}

/**
 * An object that was fetched or read out of a feed, fit to be worked with. `original` is its text with the supplied
 * members; `quarantine`: why nothing may be priced by it.
 */
export type Copy = {
  ok: true
  id: string
  key: string
  owner: string
  original: string
  value: Json
  lastUpdated: Date
  supplied: string[]
  repairs: Repair[]
  findings: Fault[]
  quarantine: Fault | null
}

/** `fault` is the first thing to mend; `findings` are the others. */
export type RefusedCopy = {
  ok: false
  id: string | null
  owner: string | null
  fault: Fault
  findings: Fault[]
}

/**
 * Reads one object: scanned strictly, supplied with what its feed had lost, mended where the meaning is beyond doubt,
 * judged by the schema of its version. Bad children are left out of the value; whatever else the hub cannot work with
 * refuses the object. Pure; never throws for what is in the text.
 */
export function readCopy(text: string, rules: CopyRules): Copy | RefusedCopy {
  const definition = present(rules.module.object, 'objects of an importable module')
  const scan = scanBody(Buffer.from(text), scanLimits)
  if (!scan.ok) return unread({ pointer: scan.pointer ?? '', message: scan.message })
  const sent = dropNulls(scan.value)
  if (!isRecord(sent)) return unread({ pointer: '', message: 'is no JSON object' })
  const supplement = rules.supplement(sent)
  const { [definition.idMember]: id } = sent
  const shownId = typeof id === 'string' || typeof id === 'number' ? String(id) : null
  if (!supplement.ok)
    return { ok: false, id: shownId, owner: null, fault: supplement.fault, findings: [] }
  const { members } = supplement
  const supplied = Object.keys(members)
  const whole = supplied.length === 0 ? sent : { ...sent, ...members }
  const judged = judge(whole, { rules, definition, longNumbers: scan.longNumbers })
  const owner = supplement.owner ?? partyOf(judged.value.country_code, judged.value.party_id)
  const findings = [
    ...supplement.findings,
    ...judged.soft,
    ...scan.duplicates.map((pointer) => ({ pointer, message: repeatedMember })),
  ]
  const read = readIdentity(judged, { owner, definition, rules })
  const faults = [...judged.hard, ...read.faults].sort(
    (a, b) => rank(a, definition) - rank(b, definition),
  )
  const [fault, ...others] = faults
  if (fault !== undefined || read.ok === false) {
    const first = fault ?? { pointer: '', message: 'cannot be worked with' }
    return { ok: false, id: shownId, owner, fault: first, findings: [...others, ...findings] }
  }
  const { repairs } = judged
  return {
    ok: true,
    ...read.identity,
    original:
      supplied.length === 0
        ? scan.text.trim()
        : mergePatch({ text: scan.text.trim(), patch: JSON.stringify(members) }),
    value: judged.value,
    supplied,
    repairs,
    findings: [
      ...findings,
      ...read.soft,
      ...(rules.module.id === 'tariffs' ? fineAmounts(judged.value) : []),
    ],
    quarantine: doubtIn(rules.module.id, repairs),
  }
}

const scanLimits = {
  depthMax: limits.jsonDepthMax,
  keysMax: limits.jsonKeysMax,
  numberCharsMax: limits.jsonNumberCharsMax,
  duplicateKeys: 'report',
} as const

function unread(fault: Fault): RefusedCopy {
  return { ok: false, id: null, owner: null, fault, findings: [] }
}

type Judged = { value: Json; repairs: Repair[]; hard: Fault[]; soft: Fault[] }

function judge(
  sent: Json,
  how: {
    rules: CopyRules
    definition: ObjectDefinition
    longNumbers: ReadonlyMap<string, string>
  },
): Judged {
  const { rules, definition, longNumbers } = how
  const schema = present(
    schemaFor(definition.schema, rules.version),
    `a schema of ${rules.module.id} in ${rules.version}`,
  )
  const { value: mended, repairs } = repair(sent, schema, 'all')
  const value = isRecord(mended) ? mended : sent
  const verdict = judgeWithChildren({
    value,
    verdict: validate(schema, value),
    children: definition.children,
    version: rules.version,
  })
  const exact = withExactNumbers(value, longNumbers)
  const whole = isRecord(exact) ? exact : value
  return {
    value: verdict.unusable.length === 0 ? whole : withoutChildren(whole, verdict.unusable),
    repairs,
    hard: verdict.hard,
    soft: verdict.soft,
  }
}

type Identity = { id: string; key: string; owner: string; lastUpdated: Date }

/** What an object is stored under; the faults say what of it is missing. */
function readIdentity(
  { value }: Judged,
  how: { owner: string | null; definition: ObjectDefinition; rules: CopyRules },
): { faults: Fault[] } & ({ ok: true; identity: Identity; soft: Fault[] } | { ok: false }) {
  const { owner, definition, rules } = how
  const { [definition.idMember]: id, last_updated: time } = value
  const faults: Fault[] = []
  const pointer = `/${definition.idMember}`
  if (id === '') faults.push({ pointer, message: 'is empty' })
  if (typeof id === 'string' && id.length > limits.idCharsMax)
    faults.push({ pointer, message: `may have ${limits.idCharsMax} characters` })
  if (owner === null && value.country_code !== undefined && value.party_id !== undefined)
    faults.push({ pointer: '/party_id', message: 'with country_code names no party' })
  if (typeof time === 'string' && readTime(time) === null)
    faults.push({ pointer: '/last_updated', message: 'is no time' })
  const lastUpdated = newestTime(value)
  if (typeof id !== 'string' || owner === null || lastUpdated === null || faults.length > 0)
    return { ok: false, faults }
  const isFuture = lastUpdated.getTime() > rules.now.getTime() + limits.clockSkewMs
  return {
    ok: true,
    faults,
    identity: { id, key: keyOf(value, { id, definition }), owner, lastUpdated },
    soft: isFuture ? [{ pointer: '/last_updated', message: 'lies in the future' }] : [],
  }
}

function keyOf(
  value: Json,
  { id, definition }: { id: string; definition: ObjectDefinition },
): string {
  const extra = definition.keyQuery
  if (!extra) return foldKey(id)
  const member = value[extra.member]
  return `${foldKey(id)}|${typeof member === 'string' ? member : extra.fallback}`
}

/** Whoever mends a refused object begins with its id and owner. */
function rank(fault: Fault, definition: ObjectDefinition): number {
  const order = [`/${definition.idMember}`, '/country_code', '/party_id', '/last_updated']
  const at = order.indexOf(fault.pointer)
  return at < 0 ? order.length : at
}
