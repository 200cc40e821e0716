import type { BySince } from '../define.ts'
import {
  ciString,
  dateTime,
  integer,
  list,
  object,
  oneOf,
  optional,
  text,
  url,
} from '../primitives.ts'
import { displayText } from './parts.ts'
import type { OwnedVersion } from './parts.ts'
import { token } from './token-schemas.ts'

const ownedStart = (version: OwnedVersion) =>
  object({
    response_url: url,
    token: token[version],
    location_id: ciString(36),
    evse_uid: optional(ciString(36)),
    connector_id: optional(ciString(36)),
    authorization_reference: optional(ciString(36)),
  })

/** StartSession object. */
export const startSession = {
  '2.1.1': object({
    response_url: url,
    token: token['2.1.1'],
    location_id: text(39),
    evse_uid: optional(text(39)),
  }),
  '2.2.1': ownedStart('2.2.1'),
  '2.3.0': ownedStart('2.3.0'),
} satisfies BySince

/** StopSession object. */
export const stopSession = {
  '2.1.1': object({ response_url: url, session_id: text(36) }),
  '2.2.1': object({ response_url: url, session_id: ciString(36) }),
} satisfies BySince

const ownedReservation = (version: OwnedVersion) =>
  object({
    response_url: url,
    token: token[version],
    expiry_date: dateTime,
    reservation_id: ciString(36),
    location_id: ciString(36),
    evse_uid: optional(ciString(36)),
    authorization_reference: optional(ciString(36)),
  })

/** ReserveNow object. */
export const reserveNow = {
  '2.1.1': object({
    response_url: url,
    token: token['2.1.1'],
    expiry_date: dateTime,
    reservation_id: integer,
    location_id: text(39),
    evse_uid: optional(text(39)),
  }),
  '2.2.1': ownedReservation('2.2.1'),
  '2.3.0': ownedReservation('2.3.0'),
} satisfies BySince

/** CancelReservation object. */
export const cancelReservation = {
  '2.2.1': object({ response_url: url, reservation_id: ciString(36) }),
} satisfies BySince

/** UnlockConnector object. */
export const unlockConnector = {
  '2.1.1': object({
    response_url: url,
    location_id: text(39),
    evse_uid: text(39),
    connector_id: text(36),
  }),
  '2.2.1': object({
    response_url: url,
    location_id: ciString(36),
    evse_uid: ciString(36),
    connector_id: ciString(36),
  }),
} satisfies BySince

/** What every command has; 2.3.0 CommandType is an OpenEnum. */
export const anyCommand = { '2.3.0': object({ response_url: url }) } satisfies BySince

const response211 = object({
  result: oneOf(['NOT_SUPPORTED', 'REJECTED', 'ACCEPTED', 'TIMEOUT', 'UNKNOWN_SESSION']),
})

/** CommandResponse object, the answer at once. */
export const commandResponse = {
  '2.1.1': response211,
  '2.2.1': object({
    result: oneOf(['NOT_SUPPORTED', 'REJECTED', 'ACCEPTED', 'UNKNOWN_SESSION']),
    timeout: integer,
    message: optional(list(displayText)),
  }),
} satisfies BySince

/** CommandResult object, posted to the response_url; in 2.1.1 that is a CommandResponse too. */
export const commandResult = {
  '2.1.1': response211,
  '2.2.1': object({
    result: oneOf([
      'ACCEPTED',
      'CANCELED_RESERVATION',
      'EVSE_OCCUPIED',
      'EVSE_INOPERATIVE',
      'FAILED',
      'NOT_SUPPORTED',
      'REJECTED',
      'TIMEOUT',
      'UNKNOWN_RESERVATION',
    ]),
    message: optional(list(displayText)),
  }),
} satisfies BySince
