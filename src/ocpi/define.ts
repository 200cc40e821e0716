import type { TSchema } from 'typebox'
import type { Version } from './version.ts'

export type Interface = 'sender' | 'receiver'
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export type Role = 'CPO' | 'EMSP' | 'NAP' | 'NSP' | 'OTHER' | 'SCSP'

/**
 * What the hub does with a request of an endpoint:
 * direct – forward; authorize – forward or ask who may know; push – forward, or store and broadcast when addressed to
 * the hub; pull – forward, or answer a page of the store; pull-one – the same for one object; clear – record a CDR;
 * local – answered here by a handler of hub/local.ts.
 */
export type Routing = 'direct' | 'authorize' | 'push' | 'pull' | 'pull-one' | 'clear' | 'local'

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
  /** `schema` must be met; `patch` means any part of it; `optional` allows no body. */
  body?: { schema: BySince; patch?: boolean; optional?: boolean }
  /** Parameters that a list needs (sessions: date_from). */
  requiredQuery?: readonly string[]
}

/** Objects that one party owns and others keep copies of. */
export type ObjectDefinition = {
  schema: BySince
  /** The member that identifies it within its owner. */
  idMember: 'id' | 'uid'
  /** Query parameter that belongs to the key with its default (tokens: type=RFID), and the member that repeats it. */
  keyQuery?: { name: string; fallback: string; member: string }
  /** Members of a PATCH that are appended instead of replaced (2.2.1 mod_sessions, PATCH Method). */
  appended: readonly string[]
  /** Objects inside that have URLs of their own, outermost first. */
  children: readonly { list: string; idMember: 'uid' | 'id'; schema: BySince }[]
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
  /** The role that owns its objects: whose platform offers the Sender interface. */
  ownerRoles: readonly Role[]
  /** Roles that receive broadcasts and may pull. */
  readerRoles: readonly Role[]
  object?: ObjectDefinition
  endpoints: Readonly<Record<string, Endpoint>>
}

/** Declares a module; a function so that the literal is checked where it is written. */
export function defineModule(module: Module): Module {
  return module
}
