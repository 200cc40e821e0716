import type { Json } from './json.ts'
import { partyCode } from './world.ts'
import type { WorldParty } from './world.ts'

/** The card that nobody uses but a person at the keyboard. */
export function spareCard(owner: WorldParty, lastUpdated: string): Json {
  return {
    country_code: owner.countryCode,
    party_id: owner.partyId,
    uid: 'TRYCARD0000001',
    type: 'RFID',
    contract_id: `${partyCode(owner)}-CTRY00001-1`,
    issuer: owner.name,
    valid: true,
    whitelist: 'ALLOWED',
    last_updated: lastUpdated,
  }
}
