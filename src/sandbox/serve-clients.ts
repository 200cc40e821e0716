import { defineModule } from '../ocpi/define.ts'
import type { Module } from '../ocpi/define.ts'
import { clientInfo, hubClientInfo } from '../ocpi/modules/hub-client-info.ts'
import { foldUpper } from '../ocpi/primitives.ts'
import type { Match } from '../ocpi/registry.ts'
import { textOf } from './json.ts'
import type { PartnerAnswer } from './partner-server.ts'
import type { ServeRequest } from './serve-request.ts'
import type { ServeStore } from './serve-store.ts'

const path = '/:country_code/:party_id'

/** The Receiver interface of hubclientinfo, which every client of a hub has and the hub has not. */
const clients: Module = defineModule({
  ...hubClientInfo,
  endpoints: {
    get: {
      interface: 'receiver',
      method: 'GET',
      path,
      routing: 'local',
      reply: { schema: clientInfo },
    },
    put: {
      interface: 'receiver',
      method: 'PUT',
      path,
      routing: 'local',
      body: { schema: clientInfo },
    },
  },
})

/** The route of `/receiver/hubclientinfo/{country_code}/{party_id}`; null for every other path. */
export function matchClients(method: string, segments: readonly string[]): Match | null {
  const [side, id, country, party, ...rest] = segments
  if (side !== 'receiver' || id !== clients.id) return null
  if (!country || !party || rest.length > 0) return { kind: 'unknown' }
  const found = Object.entries(clients.endpoints).find(([, one]) => one.method === method)
  if (!found) return { kind: 'method', allow: ['GET', 'PUT'] }
  const [name, endpoint] = found
  const params = { country_code: country, party_id: party }
  return { kind: 'route', route: { module: clients, name, endpoint, params } }
}

/** Keeps what a hub tells of a party, and shows it (2.2.1 HubClientInfo, Receiver Interface). */
export function takeClient(store: ServeStore, { route, body }: ServeRequest): PartnerAnswer {
  const { country_code: country = '', party_id: party = '' } = route.params
  const named = foldUpper(`${country}-${party}`)
  const key = `${clients.id}/${named}`
  const known = store.received.get(key)
  if (route.name === 'get')
    return known
      ? { data: known }
      : { status: 404, code: 2001, message: 'the hub has not told us of this party' }
  if (foldUpper(`${textOf(body, 'country_code')}-${textOf(body, 'party_id')}`) !== named)
    return { code: 2001, message: 'the party is not the one in the URL' }
  store.received.set(key, body)
  return { status: known ? 200 : 201 }
}
