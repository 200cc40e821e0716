import type { Json } from './json.ts'

/** A business identity of the world: an operator or a provider. */
export type WorldParty = { countryCode: string; partyId: string; name: string }

/** What a CDR may be meant wrong about, and the finding it must then be held for. */
export type FaultKind = 'price' | 'energy' | 'duplicate' | 'owner'
export const FAULT_CODES = { price: 'P1', energy: 'Q1', duplicate: 'D2', owner: 'A5' } as const

/** One session as it is going to happen. Energy in µkWh, times in ms since 1970. */
export type SessionPlan = {
  id: string
  cpo: WorldParty
  /** The party that the session and its CDR are addressed to. */
  emsp: WorldParty
  /** The card; `owner` pushed it and differs from `emsp` only in the fault `owner`. */
  token: { uid: string; contractId: string; owner: string }
  startMs: number
  endMs: number
  energy: number
  chargeSeconds: number
  locationId: string
  evseUid: string
  connectorId: string
  tariffKey: string
  fault: FaultKind | undefined
}

/** One platform: software with one connection to the hub, hosting one or more parties of one role. */
export type PlatformPlan = {
  name: string
  role: 'CPO' | 'EMSP'
  parties: WorldParty[]
  /** Modules that it takes pushes of. A provider without `locations` has to pull them. */
  receives: string[]
  tariffs: Json[]
  locations: Json[]
  tokens: Json[]
  sessions: SessionPlan[]
}

/** Something the loader made up or changed, and how often. */
export type Supplied = { what: string; count: number }

export type World = { platforms: PlatformPlan[]; supplied: Supplied[] }

/** `NL-TNM`. */
export function partyCode(party: { countryCode: string; partyId: string }): string {
  return `${party.countryCode}-${party.partyId}`.toUpperCase()
}

/** The key under which plans and partners look up a tariff or location: ids are unique per party only. */
export function objectKey(party: { countryCode: string; partyId: string }, id: string): string {
  return `${partyCode(party)}/${id}`
}

/** `NL-TNM` → a party named by its code. */
export function partyFromCode(code: string): WorldParty {
  return { countryCode: code.slice(0, 2), partyId: code.slice(3), name: code }
}
