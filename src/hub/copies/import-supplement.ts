import type { Fault } from '../../errors.ts'
import { partyOfEvseId } from '../../ocpi/evse-id.ts'
import { partyOf, partyParts, writeTime } from '../../ocpi/primitives.ts'
import { zoneOfCountry } from '../../ocpi/time-zone-of.ts'
import { isRecord } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'
import type { ZoneFinder } from '../../store/place-zone.ts'
import { newestTime } from '../objects/mutation.ts'
import type { Supplement } from './read-copy.ts'

type Json = Record<string, unknown>

/**
 * Whose objects a feed holds where they do not say so. `party` null: each location is the operator's that its EVSE ids
 * name. `fallback`: the party for those that name none.
 */
export type FeedOwner = { party: string | null; fallback: string | null; hub: string }

/**
 * What an open feed had lost, as far as there is evidence for it: the owner; publish, because it was published;
 * time_zone by country or coordinates; last_updated of a location out of its EVSEs. What an object says itself stays.
 */
export function supplementOf(
  value: Json,
  how: { module: string; version: Version; owner: FeedOwner; zoneAt: ZoneFinder },
): Supplement {
  const isLocation = how.module === 'locations'
  const named = ownerOf(value, how)
  if ('fault' in named) return { ok: false, fault: named.fault }
  const isOld = how.version === '2.1.1'
  const members: Json = {
    ...(isOld || named.party === null ? {} : ownerMembers(value, named.party)),
    ...(isLocation && !isOld ? { ...publishOf(value), ...zoneOf(value, how.zoneAt) } : {}),
    ...(isLocation ? timeOf(value) : {}),
  }
  return { ok: true, owner: isOld ? named.party : null, members, findings: named.findings }
}

type Named = { party: string | null; findings: Fault[] } | { fault: Fault }

/** party null: the object says itself, or says it wrongly and its schema will tell. */
function ownerOf(value: Json, { owner, module }: { owner: FeedOwner; module: string }): Named {
  const says = value.country_code !== undefined && value.party_id !== undefined
  if (says) return { party: partyOf(value.country_code, value.party_id), findings: [] }
  if (owner.party !== null) return { party: owner.party, findings: [] }
  const evses = module === 'locations' && Array.isArray(value.evses) ? value.evses : []
  const ids = evses.map((evse: unknown) => (isRecord(evse) ? evse.evse_id : undefined))
  for (const id of ids) {
    const party = typeof id === 'string' ? partyOfEvseId(id) : null
    if (party !== null) return { party, findings: [] }
  }
  if (owner.fallback !== null) return { party: owner.fallback, findings: [nobody(owner.fallback)] }
  const stated = ids.findIndex((id) => id !== undefined)
  if (stated >= 0)
    return {
      fault: { pointer: `/evses/${stated}/evse_id`, message: 'names no operator; give the party' },
    }
  if (evses.length > 0) return { party: owner.hub, findings: [nobody(owner.hub)] }
  return {
    fault: {
      pointer: '/country_code',
      message: 'is required: nothing here names the owner; give the party',
    },
  }
}

function nobody(party: string): Fault {
  return { pointer: '/evses', message: `names no operator: kept under ${party}` }
}

/** One of the two that the object does say must be that of the party. */
function ownerMembers(value: Json, party: string): Json {
  const { countryCode, partyId } = partyParts(party)
  const known = partyOf(value.country_code ?? countryCode, value.party_id ?? partyId)
  if (known !== party) return {}
  return {
    ...(value.country_code === undefined ? { country_code: countryCode } : {}),
    ...(value.party_id === undefined ? { party_id: partyId } : {}),
  }
}

function publishOf(value: Json): Json {
  return value.publish === undefined ? { publish: true } : {}
}

function zoneOf(value: Json, zoneAt: ZoneFinder): Json {
  if (value.time_zone !== undefined) return {}
  const zone = zoneOfCountry(value) ?? zoneAt(value)
  return zone === undefined ? {} : { time_zone: zone }
}

function timeOf(value: Json): Json {
  const newest = value.last_updated === undefined ? newestTime(value) : null
  return newest === null ? {} : { last_updated: writeTime(newest) }
}
