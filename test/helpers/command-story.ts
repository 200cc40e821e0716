import * as assert from 'uvu/assert'
import type { Reply } from './ask.ts'
import { at } from './ask.ts'
import type { FakePartner, SendOptions } from './fake-partner.ts'
import type { Got } from './fake-partner-wire.ts'
import { fromNow, tokenOf } from './objects.ts'
import type { Json } from './objects.ts'

const DAY_MS = 86_400_000

/** A URL on the partner's own host; what is posted there is found by `resultsAt`. */
export function resultUrl(partner: FakePartner, name: string): string {
  return `${partner.url}/cb/a/b/${name}`
}

/** What the hub posted to a `resultUrl`, oldest first. */
export function resultsAt(partner: FakePartner, name: string): Got[] {
  return partner.received('cb', 'POST').filter(({ rest }) => rest === `/${name}`)
}

/** The bodies of commands of 2.2.1, in order; `more` replaces members. */
export function commandOf(partner: FakePartner, command: string, name: string): Json {
  const response_url = resultUrl(partner, name)
  const token = tokenOf(partner.party, 'CARD1')
  const place = { location_id: 'L1', evse_uid: 'E1' }
  switch (command) {
    case 'START_SESSION':
      return { response_url, token, ...place }
    case 'RESERVE_NOW':
      return {
        response_url,
        token,
        expiry_date: fromNow(3 * DAY_MS),
        reservation_id: `R-${name}`,
        ...place,
      }
    case 'STOP_SESSION':
      return { response_url, session_id: `S-${name}` }
    case 'CANCEL_RESERVATION':
      return { response_url, reservation_id: `R-${name}` }
    case 'UNLOCK_CONNECTOR':
      return { response_url, ...place, connector_id: '1' }
    default:
      return { response_url }
  }
}

/** Sends a command through the hub. */
export function command(partner: FakePartner, name: string, options: SendOptions): Promise<Reply> {
  return partner.send('POST', `receiver/commands/${name}`, options)
}

/** The response_url that the receiver got, which is the hub's. */
export function mintedIn(got: Got | undefined): string {
  const url = at(got?.json, 'response_url')
  assert.type(url, 'string', got?.body)
  return String(url)
}
