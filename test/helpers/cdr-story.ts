import { at, items } from './ask.ts'
import type { Reply } from './ask.ts'
import type { FakePartner } from './fake-partner.ts'
import type { TestHub } from './hub.ts'
import { cdrOf, put, sessionOf, tokenOf } from './objects.ts'
import type { Charge, Json } from './objects.ts'

/** Where a CDR stands, in short. */
export type Shown = {
  state: string
  codes: string[]
  delivery: string
  cycle: unknown
  net: unknown
}

/** What one CPO does and what becomes of it. Each charge has a card of its own unless it names one. */
export type Story = {
  charge(id: string, payer: FakePartner, more?: Partial<Charge>): Charge & { uid: string }
  /** The eMSP pushes the card, the CPO the completed session. */
  prepare(charge: Charge & { uid: string }, payer: FakePartner): Promise<void>
  session(charge: Charge, more?: Json): Promise<Reply>
  cdr(charge: Charge & { price?: number }, more?: Json): Json
  post(cdr: Json): Promise<Reply>
  shown(id: string): Promise<Shown>
  /** State and codes: `held D2 A7`. */
  stand(id: string): Promise<string>
  /** The ids of the CDRs that a partner was sent, in order. */
  delivered(to: FakePartner): unknown[]
}

/** The story of a CPO at a hub. Sessions are called like their CDR with `S-` before it. */
export function storyOf(hub: TestHub, cpo: FakePartner): Story {
  const owner = cpo.party
  const session: Story['session'] = (charge, more) =>
    put(cpo, 'sessions', sessionOf({ ...charge, id: `S-${charge.id}` }, more))
  const shown: Story['shown'] = async (id) => {
    const { json } = await hub.admin('GET', `/cdrs/${owner.replace('-', '/')}/${id}`)
    return {
      state: String(at(json, 'state')),
      codes: items(at(json, 'findings')).map((finding) => String(at(finding, 'code'))),
      delivery: String(at(json, 'delivery')),
      cycle: at(json, 'cycle'),
      net: at(json, 'net'),
    }
  }
  return {
    session,
    shown,
    charge: (id, payer, more = {}) => ({
      owner,
      payer: payer.party,
      id,
      uid: `CARD-${id}`,
      ...more,
    }),
    prepare: async (charge, payer) => {
      await put(payer, 'tokens', tokenOf(payer.party, charge.uid))
      await session(charge)
    },
    cdr: (charge, more) => cdrOf({ ...charge, session: `S-${charge.id}` }, more),
    post: (cdr) => cpo.send('POST', 'receiver/cdrs', { body: cdr }),
    stand: async (id) => {
      const { state, codes } = await shown(id)
      return [state, ...codes.filter((code) => code !== 'A7' && code !== 'P11')].join(' ')
    },
    delivered: (to) => to.received('receiver/cdrs', 'POST').map(({ json }) => at(json, 'id')),
  }
}
