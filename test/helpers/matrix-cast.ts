// Who takes part in the matrix of endpoints: in each version partners that answer, one that will not in time, and one
// that is gone.
import * as assert from 'uvu/assert'
import { MODULES } from '../../src/ocpi/registry.ts'
import { compareVersions } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { createPeerClient } from '../../src/peer/client.ts'
import type { PeerClient } from '../../src/peer/client.ts'
import type { FakePartner } from './fake-partner.ts'
import type { Got, Given } from './fake-partner-wire.ts'
import type { TestHub } from './hub.ts'
import { exampleIn, named } from './matrix-words.ts'

export const STATES = ['good', 'slow', 'offline'] as const
export type State = (typeof STATES)[number]
export type CastRole = 'CPO' | 'EMSP' | 'PTP'

/** The partners of one version. */
export type Cast = {
  version: Version
  of(role: CastRole, state: State): FakePartner
  /** A CPO whose registration is what is asked about. */
  mover: FakePartner
  /** A CPO that is invited and has not registered. */
  newcomer: FakePartner
}

const LETTERS: Readonly<Record<Version, string>> = { '2.1.1': 'A', '2.2.1': 'B', '2.3.0': 'C' }
const COUNTRIES: Readonly<Record<CastRole, string>> = { CPO: 'NL', EMSP: 'DE', PTP: 'FR' }
const slowMs = 60

/** Registers everybody of one version. */
export async function castOf(hub: TestHub, version: Version): Promise<Cast> {
  const partners = new Map<string, FakePartner>()
  const roles: CastRole[] = version === '2.3.0' ? ['CPO', 'EMSP', 'PTP'] : ['CPO', 'EMSP']
  for (const role of roles) {
    for (const state of STATES) {
      const letters = `${LETTERS[version]}${state.charAt(0)}${role.charAt(0)}`.toUpperCase()
      const parties = [{ party: `${COUNTRIES[role]}-${letters}`, role }]
      const partner = await hub.connect({ parties, version, modules: modulesOf(version, role) })
      partner.answer = (got) => usual(partner, got)
      partners.set(`${role}/${state}`, partner)
    }
  }
  const guest = (letter: string) => ({
    parties: [{ party: `NL-${LETTERS[version]}X${letter}`, role: 'CPO' as const }],
    version,
    modules: modulesOf(version, 'CPO'),
  })
  return {
    version,
    of: (role, state) => {
      const partner = partners.get(`${role}/${state}`)
      if (!partner) throw new Error(`nobody is a ${state} ${role} in ${version}`)
      return partner
    },
    mover: await hub.connect(guest('M')),
    newcomer: await hub.invite(guest('N')),
  }
}

/** Both sides of everything; in 2.1.1, where sides have no names, the one of its role. */
function modulesOf(version: Version, role: CastRole): string[] {
  return MODULES.filter((module) => compareVersions(version, module.since) >= 0).flatMap(
    (module): string[] => {
      if (module.kind !== 'functional') return []
      if (version !== '2.1.1') return [`sender/${module.id}`, `receiver/${module.id}`]
      return [`${module.ownerRoles.includes(role) ? 'sender' : 'receiver'}/${module.id}`]
    },
  )
}

/** An eMSP knows its own cards. */
function usual(partner: FakePartner, got: Got): Given | undefined {
  if (got.place !== 'sender/tokens' || got.method !== 'POST') return undefined
  if (got.rest.startsWith(`/${cardOf(partner)}/`))
    return { data: exampleIn('authorizationInfo', partner.version) }
  return { status: 404, code: partner.version === '2.1.1' ? 2000 : 2004 }
}

/** The card of an eMSP. */
export function cardOf(partner: FakePartner): string {
  return `CARD-${partner.party}`
}

/** The location and the session of a CPO; the session is charged to the eMSP that answers. */
export const locationIdOf = (partner: FakePartner) => `L-${partner.party}`
export const sessionIdOf = (partner: FakePartner) => `X-${partner.party}`

/** Everybody tells what the requests are about: cards, locations, sessions under way. */
export async function furnish(cast: Cast): Promise<void> {
  const emsp = cast.of('EMSP', 'good')
  for (const state of STATES) {
    const issuer = cast.of('EMSP', state)
    const cpo = cast.of('CPO', state)
    const names = { cpo: cpo.party, emsp: issuer.party }
    const card = { ...names, ids: { CARD1: cardOf(issuer) } }
    await putNew(issuer, 'tokens', { id: cardOf(issuer), body: word(cast, 'token', card) })
    const location = { ...names, ids: { L1: locationIdOf(cpo) } }
    await putNew(cpo, 'locations', {
      id: locationIdOf(cpo),
      body: word(cast, 'location', location),
    })
    const session = {
      cpo: cpo.party,
      emsp: emsp.party,
      ids: { S1: sessionIdOf(cpo), L1: locationIdOf(cpo), CARD1: cardOf(emsp) },
    }
    await putNew(cpo, 'sessions', { id: sessionIdOf(cpo), body: word(cast, 'session', session) })
  }
}

function word(cast: Cast, name: string, names: Parameters<typeof named>[1]): unknown {
  return named(exampleIn(name, cast.version), names)
}

async function putNew(
  partner: FakePartner,
  module: string,
  object: { id: string; body: unknown },
): Promise<void> {
  const place = `receiver/${module}/${partner.party.replace('-', '/')}/${object.id}`
  const reply = await partner.send('PUT', place, { body: object.body })
  assert.is(reply.code, 1000, `${place}: ${reply.text}`)
}

/** From now on the slow ones do not answer in time and those who are gone do not listen. */
export async function part(hub: TestHub, casts: readonly Cast[]): Promise<void> {
  const slow = new Set<string>()
  for (const cast of casts) {
    for (const role of ['CPO', 'EMSP', 'PTP'] as const) {
      if (role === 'PTP' && cast.version !== '2.3.0') continue
      const late = cast.of(role, 'slow')
      late.answer = () => 'silence'
      slow.add(new URL(late.url).origin)
      await cast.of(role, 'offline').close()
    }
  }
  hub.context.peer = impatient(slow)
  // The matrix asks more in a minute than any stranger may.
  const { limiter } = hub.context
  hub.context.limiter = { ...limiter, take: () => ({ ok: true }), hasRoom: () => true }
}

/** A silent partner is waited for shortly, and forgiven: no breaker stands between one request and the next. */
function impatient(slow: ReadonlySet<string>): PeerClient {
  const options = { allowPrivatePeers: true, clock: () => performance.now() }
  return {
    request: async (request) => {
      const client = createPeerClient(options)
      const isSlow = slow.has(new URL(request.url).origin)
      const deadlineMs = isSlow ? slowMs : request.deadlineMs
      try {
        return await client.request({ ...request, deadlineMs })
      } finally {
        await client.close()
      }
    },
    close: async () => undefined,
  }
}
