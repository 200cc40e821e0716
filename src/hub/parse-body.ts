import type { TSchema } from 'typebox'
import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Fault } from '../errors.ts'
import type { Quirks } from '../directory/quirks.ts'
import type { Endpoint, Module } from '../ocpi/define.ts'
import { withExactNumbers } from '../ocpi/canonical.ts'
import { fineAmounts } from '../ocpi/fine-amounts.ts'
import { bodyOf } from '../ocpi/registry.ts'
import { repair } from '../ocpi/repair.ts'
import type { Repair, RepairKind } from '../ocpi/repair.ts'
import { scanBody } from '../ocpi/scan.ts'
import { dropNulls, isRecord, schemaFor, validate } from '../ocpi/validate.ts'
import type { Version } from '../ocpi/version.ts'
import type { OcpiRequest, ParsedBody } from './request.ts'
import { repeatedMember } from './objects/soft-faults.ts'

type Input = {
  request: OcpiRequest
  endpoint: Endpoint
  module: Module
  version: Version
  params: Readonly<Record<string, string>>
  /** What is known of the partner's ways; none: held to OCPI. */
  quirks?: Quirks
}

/** The modules whose amounts become money. */
const PRICED = new Set(['cdrs', 'tariffs'])

/**
 * Reads and judges the body of an endpoint that has one: media type, scan, JSON, schema of this version. Hard faults
 * are refused with their pointers; soft ones are carried along for the report.
 */
export async function parseBody(input: Input): Promise<ParsedBody | null> {
  const { endpoint, request } = input
  if (!endpoint.body) return null
  checkMediaType(request, input.quirks?.lenient_content_type === true)
  const bytes = await request.readBody()
  if (bytes.length === 0 && endpoint.body.optional) return null
  const scanned = scanBody(bytes, {
    depthMax: limits.jsonDepthMax,
    keysMax: limits.jsonKeysMax,
    numberCharsMax: limits.jsonNumberCharsMax,
    // What two readers of one CDR would read differently must not become money.
    duplicateKeys: input.module.id === 'cdrs' ? 'refuse' : 'report',
  })
  if (!scanned.ok) {
    // A number that no double holds is JSON all the same.
    throw new HubError(scanned.isJson ? 'invalid' : 'malformed', scanned.message, {
      faults:
        scanned.pointer === null ? [] : [{ pointer: scanned.pointer, message: scanned.message }],
    })
  }
  const sent = dropNulls(scanned.value)
  if (!isRecord(sent)) {
    throw new HubError('invalid', 'the body must be one JSON object', {
      faults: [{ pointer: '', message: 'the body must be one JSON object' }],
    })
  }
  const { value, verdict, repairs } = judge(input, sent)
  const missing = (endpoint.body.needs ?? []).filter((name) => value[name] === undefined)
  const hard = [
    ...verdict.hard,
    ...missing.map((name) => ({ pointer: `/${name}`, message: 'is required' })),
  ]
  if (hard.length > 0)
    throw new HubError('invalid', 'the body cannot be worked with', { faults: hard })
  const doubles = scanned.duplicates.map((pointer) => ({
    pointer,
    message: repeatedMember,
  }))
  const untyped = request.headers.has('content-type')
    ? []
    : [{ pointer: 'header:content-type', message: 'is missing; send application/json' }]
  const exact = withExactNumbers(value, scanned.longNumbers)
  if (!isRecord(exact)) throw new HubError('malformed', 'the body must be one JSON object')
  return {
    bytes,
    text: scanned.text,
    value: exact,
    longNumbers: scanned.longNumbers,
    soft: [
      ...verdict.soft,
      ...repairs.map(asFault),
      ...doubles,
      ...untyped,
      ...(PRICED.has(input.module.id) ? fineAmounts(exact) : []),
    ],
    ...(repairs.length === 0 ? {} : { repairs }),
  }
}

function asFault({ pointer, message }: Repair): Fault {
  return { pointer, message }
}

/** Refuses a body that is not JSON in UTF-8 by its headers. */
export function checkMediaType(request: OcpiRequest, isLenient: boolean): void {
  const encoding = request.headers.get('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new HubError('mediaType', 'send the body without Content-Encoding')
  }
  const type = request.headers.get('content-type')
  if (type === undefined || isLenient) return
  const [media = '', ...parameters] = type.split(';').map((part) => part.trim().toLowerCase())
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '')
  if (
    media !== 'application/json' ||
    (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')
  ) {
    throw new HubError('mediaType', 'send Content-Type: application/json in UTF-8')
  }
}

type Judged = {
  value: Record<string, unknown>
  verdict: ReturnType<typeof validate>
  repairs: readonly Repair[]
}

/** Holds the body against its schema; what is wrong in a way that is known of this partner is read as it is meant. */
function judge(input: Input, sent: Record<string, unknown>): Judged {
  const schema = schemaOf(input)
  if (!schema) return { value: sent, verdict: { hard: [], soft: [] }, repairs: [] }
  const isPatch = input.endpoint.body?.patch === true
  const verdict = validate(schema, sent, isPatch)
  const { quirks = {} } = input
  if (verdict.hard.length + verdict.soft.length === 0) return { value: sent, verdict, repairs: [] }
  const allowed = repairsAllowed(quirks)
  const mended = allowed.length === 0 ? null : repair(sent, schema, allowed)
  const value = mended !== null && isRecord(mended.value) ? mended.value : sent
  const { hard, soft } = value === sent ? verdict : validate(schema, value, isPatch)
  return {
    value,
    verdict: { hard, soft: quirks.relaxed_lengths === true ? soft.filter(isNoLength) : soft },
    repairs: mended?.repairs ?? [],
  }
}

/** That of the child where the path names one. */
function schemaOf({ endpoint, module, params, version }: Input): TSchema | undefined {
  const carried = bodyOf({ module, name: '', endpoint, params })
  return carried ? schemaFor(carried.schema, version) : undefined
}

const REPAIRS = [
  ['times_without_zone', 'time zone missing'],
  ['times_with_offset', 'time offset'],
  ['numbers_as_strings', 'number as text'],
  ['integer_ids', 'integer id'],
  ['enum_case', 'enum case'],
] as const satisfies readonly (readonly [keyof Quirks, RepairKind])[]

function repairsAllowed(quirks: Quirks): RepairKind[] {
  return REPAIRS.flatMap(([quirk, kind]) => (quirks[quirk] === true ? [kind] : []))
}

/** How a partner's objects of a schema are read, where it is known for faults; undefined: as they are. */
export function mendBy(
  quirks: Quirks,
  schema: TSchema | undefined,
): ((value: Record<string, unknown>) => Record<string, unknown>) | undefined {
  const allowed = repairsAllowed(quirks)
  if (!schema || allowed.length === 0) return undefined
  return (value) => {
    const mended = repair(value, schema, allowed).value
    return isRecord(mended) ? mended : value
  }
}

function isNoLength({ message }: Fault): boolean {
  return !/^must not have more than \d+ characters/.test(message)
}
