import { defineModule } from '../define.ts'
import { dateTime, integer, list, number, object, oneOf, optional, url } from '../primitives.ts'

/** 2.2.1 ChargingProfile class. */
const chargingProfile = object({
  start_date_time: optional(dateTime),
  duration: optional(integer),
  charging_rate_unit: oneOf(['W', 'A']),
  min_charging_rate: optional(number),
  charging_profile_period: optional(list(object({ start_period: integer, limit: number }))),
})

const activeChargingProfile = object({
  start_date_time: dateTime,
  charging_profile: chargingProfile,
})
const setChargingProfile = object({ charging_profile: chargingProfile, response_url: url })

const response = {
  '2.2.1': object({
    result: oneOf(['ACCEPTED', 'NOT_SUPPORTED', 'REJECTED', 'TOO_OFTEN', 'UNKNOWN_SESSION']),
    timeout: integer,
  }),
}

const result = oneOf(['ACCEPTED', 'REJECTED', 'UNKNOWN'])
const activeChargingProfileResult = {
  '2.2.1': object({ result, profile: optional(activeChargingProfile) }),
}
/** ChargingProfileResult and ClearProfileResult look alike. */
const chargingProfileResult = { '2.2.1': object({ result }) }

const path = '/:session_id'

export const chargingProfiles = defineModule({
  id: 'chargingprofiles',
  kind: 'functional',
  since: '2.2.1',
  ownerRoles: ['EMSP', 'SCSP', 'OTHER'],
  readerRoles: ['CPO', 'EMSP'],
  endpoints: {
    get: {
      interface: 'receiver',
      method: 'GET',
      path,
      routing: 'command',
      openBy: 'session',
      requiredQuery: ['duration', 'response_url'],
      responseUrl: { in: 'query', schema: activeChargingProfileResult },
      reply: { schema: response },
    },
    put: {
      interface: 'receiver',
      method: 'PUT',
      path,
      routing: 'command',
      openBy: 'session',
      body: { schema: { '2.2.1': setChargingProfile } },
      responseUrl: { in: 'body', schema: chargingProfileResult },
      reply: { schema: response },
    },
    delete: {
      interface: 'receiver',
      method: 'DELETE',
      path,
      routing: 'command',
      openBy: 'session',
      requiredQuery: ['response_url'],
      responseUrl: { in: 'query', schema: chargingProfileResult },
      reply: { schema: response },
    },
    update: {
      interface: 'sender',
      method: 'PUT',
      path,
      routing: 'direct',
      openBy: 'session',
      body: { schema: { '2.2.1': activeChargingProfile } },
    },
  },
})
