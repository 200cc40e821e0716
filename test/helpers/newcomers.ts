import type { FakePartner } from './fake-partner.ts'
import type { TestHub } from './hub.ts'

/** eMSPs that nobody knew before, each of a party of its own: invited, or registered as well. */
export function newcomers(hub: TestHub) {
  let letters = 0
  const freshParty = () => `FR-${String((letters += 1)).padStart(3, 'A')}`
  const parties = () => [{ party: freshParty(), role: 'EMSP' } as const]
  return {
    invitedEmsp: () => hub.invite({ parties: parties() }),
    connectedEmsp: () => hub.connect({ parties: parties() }),
    freshParty,
  }
}

/** Whether the token of a partner still opens the hub. */
export async function opens(partner: FakePartner, token = partner.token): Promise<boolean> {
  const authorization = `Token ${Buffer.from(token).toString('base64')}`
  const reply = await partner.send('GET', 'credentials', { from: null, headers: { authorization } })
  return reply.status === 200
}
