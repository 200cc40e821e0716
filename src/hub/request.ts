import type { Fault } from '../errors.ts'
import type { Identity } from '../directory/directory.ts'
import type { Interface, Role } from '../ocpi/define.ts'
import type { Route } from '../ocpi/registry.ts'
import type { Version } from '../ocpi/version.ts'

/** A request as the edge hands it over: framing is checked, the body not yet read. */
export type OcpiRequest = {
  method: string
  /** Path below `/ocpi`, still percent-encoded, without query. */
  path: string
  query: URLSearchParams
  /** Lower-case names; every header of headers.ts/SINGLE_HEADERS at most once. */
  headers: ReadonlyMap<string, string>
  /** The bytes of the body, at most bodyBytesMax; throws HubError when there are more. */
  readBody: () => Promise<Buffer>
  remoteAddress: string
}

/** An answer: either an envelope of ours around `dataText`, or the bytes a partner answered. */
export type OcpiAnswer = {
  httpStatus: number
  ocpiStatus: number
  statusMessage?: string
  dataText?: string
  relayed?: Buffer
  headers: Record<string, string>
}

/** The ids of one exchange (2.2.1 Unique message IDs). */
export type MessageIds = { requestId: string; correlationId: string }

/** A functional request after its sender, route and body have been judged. */
export type Call = {
  identity: Identity
  route: Route
  version: Version
  ids: MessageIds
  from: { party: string; role: Role }
  /** null: absent, the hub decides by content. */
  to: string | null
  query: URLSearchParams
  /** Path after the module's URL, still percent-encoded, with its leading slash or empty. */
  rest: string
  side: Interface
  body: ParsedBody | null
}

/** A request to a configuration module: answered here, never routed, whatever routing headers it carries. */
export type LocalCall = {
  request: OcpiRequest
  route: Route
  identity: Identity
  body: ParsedBody | null
  ids: MessageIds
  version: Version
}

/** A body that passed the scan and has the right types. `value` has no null members. */
export type ParsedBody = {
  bytes: Buffer
  text: string
  value: Record<string, unknown>
  longNumbers: ReadonlyMap<string, string>
  soft: Fault[]
}

/** A plain success. */
export function success(dataText?: string, more: Partial<OcpiAnswer> = {}): OcpiAnswer {
  return {
    httpStatus: 200,
    ocpiStatus: 1000,
    headers: {},
    ...(dataText === undefined ? {} : { dataText }),
    ...more,
  }
}
