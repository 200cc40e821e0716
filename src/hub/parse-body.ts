import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'
import type { Endpoint, Module } from '../ocpi/define.ts'
import { withExactNumbers } from '../ocpi/canonical.ts'
import { scanBody } from '../ocpi/scan.ts'
import { dropNulls, isRecord, schemaFor, validate } from '../ocpi/validate.ts'
import type { Version } from '../ocpi/version.ts'
import type { OcpiRequest, ParsedBody } from './request.ts'
import { repeatedMember } from './soft-faults.ts'

type Input = {
  request: OcpiRequest
  endpoint: Endpoint
  module: Module
  version: Version
  params: Readonly<Record<string, string>>
}

/**
 * Reads and judges the body of an endpoint that has one: media type, scan, JSON, schema of this version. Hard faults
 * are refused with their pointers; soft ones are carried along for the report.
 */
export async function parseBody(input: Input): Promise<ParsedBody | null> {
  const { endpoint, request } = input
  if (!endpoint.body) return null
  checkMediaType(request)
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
  const value = dropNulls(scanned.value)
  if (!isRecord(value)) {
    throw new HubError('invalid', 'the body must be one JSON object', {
      faults: [{ pointer: '', message: 'the body must be one JSON object' }],
    })
  }
  const verdict = judge(input, value)
  if (verdict.hard.length > 0)
    throw new HubError('invalid', 'the body cannot be worked with', { faults: verdict.hard })
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
    soft: [...verdict.soft, ...doubles, ...untyped],
  }
}

function checkMediaType(request: OcpiRequest): void {
  const encoding = request.headers.get('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new HubError('mediaType', 'send the body without Content-Encoding')
  }
  const type = request.headers.get('content-type')
  if (type === undefined) return
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

function judge(input: Input, value: Record<string, unknown>): ReturnType<typeof validate> {
  const { endpoint, module, params, version } = input
  const depth =
    module.object?.children.filter((child) => params[childParam(child.list)] !== undefined)
      .length ?? 0
  const child = depth === 0 ? undefined : module.object?.children[depth - 1]
  const schema = schemaFor(child?.schema ?? endpoint.body?.schema ?? {}, version)
  return schema ? validate(schema, value, endpoint.body?.patch === true) : { hard: [], soft: [] }
}

/** The path parameter that names a child of a list: evses → evse_uid, connectors → connector_id. */
export function childParam(list: string): string {
  return list === 'evses' ? 'evse_uid' : 'connector_id'
}
