import type { Fault } from '../errors.ts'
import type { Identity } from '../directory/directory.ts'
import type { Interface, Role } from '../ocpi/define.ts'
import type { PartnerSide, Route } from '../ocpi/registry.ts'
import type { Repair } from '../ocpi/repair.ts'
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
  /** null: absent, the hub decides by content. A partner of 2.1.1 has no such header; the door says whom it means. */
  to: string | null
  query: URLSearchParams
  /** Path after the module's URL, still percent-encoded, with its leading slash or empty. */
  rest: string
  side: Interface
  /** The hub's URL of this module as this partner knows it, without a slash at its end: what Link and Location are of. */
  moduleUrl: string
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
  /** Of a partner that speaks 2.1.1; null for others. */
  partnerSide: PartnerSide | null
  /** As in Call. */
  moduleUrl: string
}

/**
 * A body that passed the scan and has the right types. `text` and `bytes` are what was sent; `value` has no null members,
 * is repaired where the partner's quirks say so, and has the shape of 2.2.1 when it was sent in 2.1.1.
 */
export type ParsedBody = {
  bytes: Buffer
  text: string
  value: Record<string, unknown>
  longNumbers: ReadonlyMap<string, string>
  soft: Fault[]
  /** What was wrong in a way that is known of this partner, and how it is read. Absent: nothing. */
  repairs?: readonly Repair[]
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
