import { boolean, ciString, dateTime, list, object, oneOf, optional, text } from '../primitives.ts'
import type { BySince } from '../define.ts'
import { displayText, profileType, tokenType } from './parts.ts'
import type { OwnedVersion } from './parts.ts'

const whitelist = oneOf(['ALWAYS', 'ALLOWED', 'ALLOWED_OFFLINE', 'NEVER'])

/** 2.1.1 Token object. */
const token211 = object({
  uid: text(36),
  type: tokenType('2.1.1'),
  auth_id: text(36),
  visual_number: optional(text(64)),
  issuer: text(64),
  valid: boolean,
  whitelist,
  language: optional(text(2)),
  last_updated: dateTime,
})

/** Token object of 2.2.1 and 2.3.0. */
const ownedToken = (version: OwnedVersion) =>
  object({
    country_code: ciString(2),
    party_id: ciString(3),
    uid: ciString(36),
    type: tokenType(version),
    contract_id: ciString(36),
    visual_number: optional(text(64)),
    issuer: text(64),
    group_id: optional(ciString(36)),
    valid: boolean,
    whitelist,
    language: optional(text(2)),
    default_profile_type: optional(profileType),
    energy_contract: optional(object({ supplier_name: text(64), contract_id: optional(text(64)) })),
    last_updated: dateTime,
  })

export const token = {
  '2.1.1': token211,
  '2.2.1': ownedToken('2.2.1'),
  '2.3.0': ownedToken('2.3.0'),
} satisfies BySince

/** LocationReferences class. */
export const locationReferences = {
  '2.1.1': object({
    location_id: text(39),
    evse_uids: optional(list(text(39))),
    connector_ids: optional(list(text(36))),
  }),
  '2.2.1': object({ location_id: ciString(36), evse_uids: optional(list(ciString(36))) }),
} satisfies BySince

const allowed = oneOf(['ALLOWED', 'BLOCKED', 'EXPIRED', 'NO_CREDIT', 'NOT_ALLOWED'])

const ownedAuthorization = (version: OwnedVersion) =>
  object({
    allowed,
    token: token[version],
    location: optional(locationReferences['2.2.1']),
    authorization_reference: optional(ciString(36)),
    info: optional(displayText),
  })

/** AuthorizationInfo object. */
export const authorization = {
  '2.1.1': object({
    allowed,
    location: optional(locationReferences['2.1.1']),
    info: optional(displayText),
  }),
  '2.2.1': ownedAuthorization('2.2.1'),
  '2.3.0': ownedAuthorization('2.3.0'),
} satisfies BySince
