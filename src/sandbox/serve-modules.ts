import { isDeepStrictEqual } from 'node:util'
import { foldKey } from '../ocpi/primitives.ts'
import { objectsIn, textOf, textsIn } from './json.ts'
import type { Json } from './json.ts'
import type { PartnerAnswer } from './partner-server.ts'
import { takeClient } from './serve-clients.ts'
import { answerMore } from './serve-more.ts'
import type { MoreParts } from './serve-charging.ts'
import { takePush } from './serve-pushes.ts'
import type { CommandDesk, ServeRequest } from './serve-request.ts'
import { childAt, idOf, pageOf } from './serve-store.ts'
import type { ServeStore } from './serve-store.ts'

type Parts = {
  store: ServeStore
  desk: CommandDesk
  profiles: CommandDesk
  more: MoreParts
  ids: () => string
}

/** What a served partner answers in the functional modules. */
export function answerModule(parts: Parts, request: ServeRequest): PartnerAnswer {
  const { route, query, url } = request
  switch (route.endpoint.routing) {
    case 'pull':
      return pageOf(parts.store, { route, query, url })
    case 'pull-one':
      return route.module.id === 'cdrs'
        ? readCdr(parts.store, request)
        : route.endpoint.interface === 'sender'
          ? readOwn(parts.store, request)
          : takePush(parts.store, request)
    case 'push':
      return takePush(parts.store, request)
    case 'clear':
      return takeCdr(parts.store, request)
    case 'authorize':
      return authorize(parts, request)
    case 'command':
      return route.module.id === 'chargingprofiles'
        ? parts.profiles.take(request)
        : parts.desk.take(request)
    case 'direct':
      return answerMore(parts.more, request)
    case 'local':
      return takeClient(parts.store, request)
    default:
      return route.endpoint.routing satisfies never
  }
}

const UNKNOWN: PartnerAnswer = { status: 404, code: 2001, message: 'no such object' }

function readOwn(store: ServeStore, { route }: ServeRequest): PartnerAnswer {
  const { id = '', evse_uid: evse, connector_id: connector } = route.params
  const object = (store.own.get(route.module.id) ?? []).find((one) => idOf(one) === foldKey(id))
  const found =
    object &&
    childAt(object, {
      ...(evse === undefined ? {} : { evse }),
      ...(connector === undefined ? {} : { connector }),
    })
  return found ? { data: found } : UNKNOWN
}

function readCdr(store: ServeStore, { route }: ServeRequest): PartnerAnswer {
  const { country_code: country, party_id: party, id = '' } = route.params
  const found = store.received.get(`cdrs/${country}-${party}/${foldKey(id)}`)
  return found ? { data: found } : UNKNOWN
}

/** A CDR is answered with its Location; the same content again is answered the same way, other content is refused. */
function takeCdr(store: ServeStore, request: ServeRequest): PartnerAnswer {
  const { body, url, from } = request
  const owner = {
    country: textOf(body, 'country_code') ?? from?.countryCode ?? 'XX',
    party: textOf(body, 'party_id') ?? from?.partyId ?? 'XXX',
  }
  const id = textOf(body, 'id') ?? ''
  const key = `cdrs/${owner.country}-${owner.party}/${foldKey(id)}`
  const known = store.received.get(key)
  if (known && !isDeepStrictEqual(known, body))
    return { code: 2001, message: 'this id was used for another CDR; a CDR never changes' }
  store.received.set(key, body)
  const location = `${url}/${owner.country}/${owner.party}/${encodeURIComponent(id)}`
  return { status: known ? 200 : 201, headers: { Location: location } }
}

/** Real-time authorisation: an unknown card is 404 with 2004, which 2.1.1 does not know (mod_tokens, POST Method). */
function authorize({ store, ids }: Parts, request: ServeRequest): PartnerAnswer {
  const { route, query, version, body } = request
  const uid = foldKey(route.params['uid'] ?? '')
  const type = query.get(version === '2.1.1' ? 'token_type' : 'type') ?? 'RFID'
  const token = (store.own.get('tokens') ?? []).find(
    (one) => idOf(one) === uid && one['type'] === type,
  )
  const unknown = version === '2.1.1' ? 2000 : 2004
  if (!token) return { status: 404, code: unknown, message: 'unknown token' }
  const allowed = token['valid'] === true ? 'ALLOWED' : 'BLOCKED'
  const id = textOf(body, 'location_id')
  const evses = textsIn(body['evse_uids'])
  const location =
    id === undefined || allowed !== 'ALLOWED'
      ? {}
      : { location: { location_id: id, ...(evses.length === 0 ? {} : { evse_uids: evses }) } }
  const reference = allowed === 'ALLOWED' ? { authorization_reference: ids().slice(0, 36) } : {}
  return {
    data:
      version === '2.1.1'
        ? { allowed, ...location }
        : { allowed, token, ...location, ...reference },
  }
}

/** An answer in a line: `200 1000 3 objects`. */
export function summaryOf(answer: PartnerAnswer): string {
  const { data, status = 200, code = 1000, message } = answer
  const what = Array.isArray(data) ? ` ${objectsIn(data).length} objects` : ''
  return `${status} ${code}${what}${message === undefined ? '' : ` ${message}`}`
}
