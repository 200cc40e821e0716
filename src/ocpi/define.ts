import type { TSchema } from 'typebox'
import type { Kind } from './adapt/define.ts'
import type { Version } from './version.ts'

export type Interface = 'sender' | 'receiver'
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
/** PTP is in no Role enum, but the Payments module needs it (2.3.0 Payments). */
export type Role = 'CPO' | 'EMSP' | 'NAP' | 'NSP' | 'OTHER' | 'SCSP' | 'PTP'

/**
 * What the hub does with a request of an endpoint:
 * direct – forward; authorize – forward or ask who may know; command – forward to the one it concerns with a
 * response_url of ours; push – forward, or store and broadcast when addressed to the hub; pull – forward, or answer a
 * page of the store; pull-one – the same for one object; clear – record a CDR; local – answered here by a handler of
 * hub/local.ts.
 */
export type Routing =
  'direct' | 'authorize' | 'command' | 'push' | 'pull' | 'pull-one' | 'clear' | 'local'

/** A schema from the version that introduced this shape; a later version without its own entry uses the one before. */
export type BySince = Partial<Record<Version, TSchema>>

export type Endpoint = {
  interface: Interface
  method: Method
  /** Segments after the module's URL; `:name` is a parameter, `?` at its end makes it and what follows optional. */
  path: string
  routing: Routing
  since?: Version
  until?: Version
  /**
   * `schema` must be met; `patch` means any part of it, but with `needs`; `optional` allows no body; `kind` says what it
   * is for a receiver of another version. A body without kind is the same in every version that has the endpoint.
   */
  body?: {
    schema: BySince
    patch?: boolean
    needs?: readonly string[]
    optional?: boolean
    kind?: Kind
  }
  /**
   * What a success answers: one object or a list of them; `kind` as in `body`. No reply: the data are not defined or
   * left out.
   */
  reply?: { schema: BySince; kind?: Kind; list?: boolean }
  /** Where the URL for the later result stands, and what is posted there. */
  responseUrl?: { in: 'body' | 'query'; schema: BySince; kind?: Kind }
  /** By what content an open routing request finds its receiver (2.2.1 Open Routing Request). */
  openBy?: 'cdr_token' | 'location' | 'session' | 'reservation' | 'object'
  /** Parameters that a list needs (sessions: date_from). */
  requiredQuery?: readonly string[]
}

/** Objects that one party owns and others keep copies of. */
export type ObjectDefinition = {
  schema: BySince
  kind: Kind
  /** The member that identifies it within its owner. */
  idMember: 'id' | 'uid'
  /** Query parameter that belongs to the key with its default (tokens: type=RFID), and the member that repeats it. */
  keyQuery?: { name: string; fallback: string; member: string }
  /** Members of a PATCH that are appended instead of replaced (2.2.1 mod_sessions, PATCH Method). */
  appended: readonly string[]
  /** Objects inside that have URLs of their own, outermost first; `param` is the path parameter that names one. */
  children: readonly {
    list: string
    param: string
    idMember: 'uid' | 'id'
    schema: BySince
    kind: Kind
  }[]
  /** everyone – broadcast and GET-all; token owner – only the party in cdr_token. */
  audience: 'everyone' | 'token owner'
  /** Versions are kept because CDRs are judged by the one in force at their start. */
  versioned: boolean
  /** Removed by DELETE, leaving a tombstone. */
  deletable: boolean
  /** A change of it lets CDRs be judged again, unless only these members changed, wherever they stand in it. */
  judges: { except: readonly string[] }
}

export type Module = {
  id: string
  /** Configuration modules are never routed. */
  kind: 'functional' | 'configuration'
  since: Version
  /** The roles whose platforms offer the Sender interface, and which call Receiver interfaces. */
  ownerRoles: readonly Role[]
  /** The roles that offer the Receiver interface, get broadcasts, and call Sender interfaces. */
  readerRoles: readonly Role[]
  object?: ObjectDefinition
  endpoints: Readonly<Record<string, Endpoint>>
}

/** Declares a module; a function so that the literal is checked where it is written. */
export function defineModule(module: Module): Module {
  return module
}
