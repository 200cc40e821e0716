// Requests about other parties' objects: every endpoint of the module tables in every version, by everybody, in its own
// name and in borrowed ones, to everybody.
import { VERSIONS } from '../../src/ocpi/version.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { ask } from './ask.ts'
import type { Reply } from './ask.ts'
import { asRole } from './fake-partner.ts'
import type { FakePartner } from './fake-partner.ts'
import { ROWS } from './matrix.ts'
import { placesOf } from './matrix-cells.ts'
import type { Place } from './matrix-cells.ts'
import { exampleIn, named } from './matrix-words.ts'

/** An operator and a provider whose objects are called OBJ. */
export type Pair = { version: Version; cpo: FakePartner; emsp: FakePartner }

export type TenantCell = {
  version: Version
  method: string
  url: string
  from: string | null
  to: string | null
  body: string | undefined
}

const METHODS = ['GET', 'PUT', 'PATCH', 'POST', 'DELETE'] as const
const ALL_IDS = ['L1', 'T1', 'S1', 'C1', 'CARD1', 'R7', 'I1', 'TT1', 'F1', 'B1', 'BL1', 'K1', 'E1']

/** An example with the parties and the one id of a pair. */
export function objectOf(pair: Pair, name: string, version: Version = pair.version): object {
  const ids = Object.fromEntries(ALL_IDS.map((id) => [id, 'OBJ']))
  const value = named(exampleIn(name, version), {
    cpo: pair.cpo.party,
    emsp: pair.emsp.party,
    ids,
  })
  return typeof value === 'object' && value !== null ? value : {}
}

/** All that a stranger can ask in all versions about what the pairs have: each in the version of its owners. */
export function tenantCells(stranger: FakePartner, pairs: readonly Pair[]): TenantCell[] {
  return pairs.flatMap((pair) =>
    placesOf(pair.version).flatMap((place) =>
      place.module in ROUTELESS ? [] : cellsAbout(stranger, { pair, place }),
    ),
  )
}

const ROUTELESS = { versions: true, callbacks: true }

function cellsAbout(
  stranger: FakePartner,
  { pair, place }: { pair: Pair; place: Place },
): TenantCell[] {
  const { version } = pair
  const borrowed = pair[place.caller === 'CPO' ? 'cpo' : 'emsp'].party
  const other = pair[place.other === 'CPO' ? 'cpo' : 'emsp'].party
  const isSilent = version === '2.1.1' || place.module === 'credentials'
  const speakers = isSilent ? [null] : [stranger.party, borrowed]
  const receivers = isSilent ? [null] : [null, HUB, other]
  const body = bodyFor(stranger, { pair, place })
  const urls = urlsOf(stranger, { pair, place, owner: borrowed })
  return urls.flatMap((url) => {
    const right = speakers.flatMap((from) =>
      receivers.map((to) => ({ version, method: place.method, url, from, to, body })),
    )
    const own = isSilent ? null : stranger.party
    const wrong = METHODS.filter((method) => method !== place.method).map((method) => {
      const sent = method === 'GET' || method === 'DELETE' ? undefined : (body ?? '{}')
      return { version, method, url, from: own, to: null, body: sent }
    })
    // To leave is everybody's right; it would be the end of the matrix.
    return [...right, ...wrong].filter(
      ({ method }) => place.module !== 'credentials' || method !== 'DELETE',
    )
  })
}

const HUB = 'NL-XCH'

/** Paths below /ocpi; of 2.1.1 on both sides, whichever the stranger is on. */
function urlsOf(
  stranger: FakePartner,
  { pair, place, owner }: { pair: Pair; place: Place; owner: string },
): string[] {
  const { module, path, query, interface: side } = place
  const parts = path.split('/').filter((part) => part !== '')
  const whole = parts.map((part) => partOf(part, owner))
  const optional = parts.findIndex((part) => part.endsWith('?'))
  const rests = optional < 0 ? [whole] : [whole.slice(0, optional), whole]
  const search = new URLSearchParams(query)
  if (search.has('response_url')) search.set('response_url', resultUrl(stranger))
  const tail = search.size === 0 ? '' : `?${search.toString()}`
  const heads =
    pair.version === '2.1.1'
      ? [`/cpo/2.1.1/${module}`, `/emsp/2.1.1/${module}`]
      : [`/${pair.version}/${module === 'credentials' ? '' : `${side}/`}${module}`]
  return heads.flatMap((head) => rests.map((rest) => `${[head, ...rest].join('/')}${tail}`))
}

function partOf(part: string, owner: string): string {
  if (!part.startsWith(':')) return part
  if (part === ':country_code') return owner.slice(0, 2)
  if (part === ':party_id') return owner.slice(3)
  if (part === ':command') return 'FLY'
  return part === ':connector_id?' ? '1' : 'OBJ'
}

const resultUrl = (stranger: FakePartner) => `${stranger.url}/cb/a/b/c`

/** What would change the object if it were taken: its times are new. */
function bodyFor(
  stranger: FakePartner,
  { pair, place }: { pair: Pair; place: Place },
): string | undefined {
  const row = ROWS[`${place.name}`]
  if (place.module === 'credentials') return JSON.stringify(credentialsOf(stranger, place))
  if (row?.body === undefined) return undefined
  const object = objectOf(pair, row.body, pair.version)
  const more = {
    ...('last_updated' in object ? { last_updated: '2026-10-01T00:00:00Z' } : {}),
    ...('response_url' in object ? { response_url: resultUrl(stranger) } : {}),
  }
  return JSON.stringify({ ...object, ...more })
}

/** Its own, at a URL where nobody is. */
function credentialsOf(stranger: FakePartner, { version }: Place): object {
  const common = { token: 'x'.repeat(20), url: 'http://127.0.0.1:1/' }
  const roles = stranger.parties.map(asRole)
  return version === '2.1.1' ? { ...common, ...roles[0] } : { ...common, roles }
}

/** Asks it. */
export function playTenantCell(
  hubUrl: string,
  { stranger, cell }: { stranger: FakePartner; cell: TenantCell },
): Promise<Reply> {
  const headers: Record<string, string> = { authorization: authorizationOf(stranger) }
  for (const [side, party] of [
    ['from', cell.from],
    ['to', cell.to],
  ] as const) {
    if (party === null) continue
    headers[`OCPI-${side}-country-code`] = party.slice(0, 2)
    headers[`OCPI-${side}-party-id`] = party.slice(3)
  }
  if (cell.body !== undefined) headers['content-type'] = 'application/json'
  const { method, body } = cell
  const url = cell.url.startsWith('http') ? cell.url : `${hubUrl}/ocpi${cell.url}`
  return ask({ url, method, headers, body })
}

function authorizationOf({ token, version }: FakePartner): string {
  return `Token ${version === '2.1.1' ? token : Buffer.from(token).toString('base64')}`
}

/** Every version once, oldest first. */
export function oneOfEach<T>(make: (version: Version) => Promise<T>): Promise<T[]> {
  return VERSIONS.reduce<Promise<T[]>>(
    async (before, version) => [...(await before), await make(version)],
    Promise.resolve([]),
  )
}
