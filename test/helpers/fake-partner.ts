import { randomBytes, randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Version } from '../../src/ocpi/version.ts'
import { ask, at, items } from './ask.ts'
import type { Reply } from './ask.ts'
import { readRequest, writeAnswer } from './fake-partner-wire.ts'
import type { Given, Got } from './fake-partner-wire.ts'
import { startServer } from './http-server.ts'

export type Party = {
  party: string
  role: 'CPO' | 'EMSP' | 'NAP' | 'NSP' | 'OTHER' | 'SCSP' | 'PTP'
}

export type PartnerOptions = {
  parties: readonly Party[]
  /** `receiver/cdrs`, `sender/tokens`, …; default: what its roles usually implement. */
  modules?: readonly string[]
  /** The version it speaks with the hub. Default 2.2.1. */
  version?: Version
  /** How it writes its token in Authorization. Default base64, in 2.1.1 raw. */
  shows?: 'base64' | 'raw'
  /** The encoding in which it takes the hub's token. Default base64, in 2.1.1 raw. */
  wants?: 'base64' | 'raw'
  /** The versions it offers. Default the one it speaks. */
  versions?: readonly string[]
  /** The hub keeps copies by pulling from it. Default no, so that a test meets only the requests it is about. */
  pulled?: boolean
}

/** What the hub gave to an invited platform. */
export type Invitation = { id: string; tokenA: string; versionsUrl: string }

export type SendOptions = {
  body?: unknown
  /** JSON text or bytes, sent as they are. */
  raw?: string | Buffer
  /** A party; null leaves the headers out, and so does 2.1.1, which has none. Default: the partner's first party. */
  from?: string | null
  /** A party; without it the headers are left out, and in 2.1.1 always. */
  to?: string
  query?: Readonly<Record<string, string>>
  headers?: Readonly<Record<string, string>>
}

const USUAL: Readonly<Record<Party['role'], readonly string[]>> = {
  CPO: ['sender/locations', 'sender/tariffs', 'sender/sessions', 'sender/cdrs', 'receiver/tokens'],
  EMSP: [
    'receiver/locations',
    'receiver/tariffs',
    'receiver/sessions',
    'receiver/cdrs',
    'sender/tokens',
  ],
  NAP: ['receiver/locations', 'receiver/tariffs'],
  NSP: ['receiver/locations', 'receiver/tariffs'],
  OTHER: ['receiver/locations', 'receiver/tariffs', 'receiver/tokens'],
  SCSP: ['receiver/sessions'],
  PTP: ['sender/payments'],
}

/** The roles whose side of the hub is /ocpi/cpo in 2.1.1; the others are eMSPs there. */
const isOperator = ({ role }: Party) => role === 'CPO'

/**
 * A partner's platform on a real loopback server. It speaks OCPI for its parties, remembers what it got, and answers
 * as `answer` says, else with success. In 2.1.1 it speaks for its first party alone; places keep their names
 * (`receiver/cdrs`), although no role is told there.
 */
export class FakePartner {
  readonly id: string
  readonly parties: readonly Party[]
  /** Its first party, for which it speaks. */
  readonly party: string
  /** The token it shows to the hub. */
  token: string
  /** The token the hub is to show to it. */
  expects = newToken()
  modules: readonly string[]
  /** Decides the answers; undefined: success. */
  answer: (got: Got) => Given | undefined = () => undefined
  readonly got: Got[] = []
  readonly #invitation: Invitation
  readonly #options: PartnerOptions
  #version: Version
  #formerlyExpected = ''
  #server: Awaited<ReturnType<typeof startServer>> | undefined
  #hubUrls = new Map<string, string>()

  constructor(invitation: Invitation, options: PartnerOptions) {
    this.id = invitation.id
    this.token = invitation.tokenA
    this.parties = options.parties
    this.party = options.parties[0]?.party ?? ''
    this.modules = options.modules ?? [
      ...new Set(options.parties.flatMap(({ role }) => USUAL[role])),
    ]
    this.#invitation = invitation
    this.#options = options
    this.#version = options.version ?? '2.2.1'
  }

  get version(): Version {
    return this.#version
  }

  /** Goes on in another version: `join('PUT')` afterwards switches the connection. */
  speak(version: Version): void {
    this.#version = version
    this.#hubUrls.clear()
  }

  async start(): Promise<void> {
    this.#server = await startServer((request, response) => {
      readRequest(request).then(
        (got) => this.#respond(response, got),
        () => response.destroy(),
      )
    })
  }

  async close(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]()
    this.#server = undefined
  }

  get url(): string {
    return this.#server?.url ?? 'http://127.0.0.1:1'
  }

  get versionsUrl(): string {
    return `${this.url}/versions`
  }

  /** What it got at `sender/tokens`, `receiver/cdrs`, … or `versions`, `details`, `credentials`, oldest first. */
  received(place: string, method?: string): Got[] {
    return this.got.filter(
      (each) => each.place === place && (method === undefined || each.method === method),
    )
  }

  forget(): void {
    this.got.splice(0)
  }

  /** Its Credentials object with a new token for the hub; the one before still works. */
  credentials(roles: readonly Party[] = this.parties): Record<string, unknown> {
    this.#formerlyExpected = this.expects
    this.expects = newToken()
    return this.#ownCredentials(this.#version, roles)
  }

  #ownCredentials(version: Version, roles: readonly Party[]): Record<string, unknown> {
    const common = { token: this.expects, url: this.versionsUrl }
    if (version !== '2.1.1') return { ...common, roles: roles.map(asRole) }
    const [first] = roles
    if (first === undefined) return common
    const { country_code, party_id, business_details } = asRole(first)
    return { ...common, country_code, party_id, business_details }
  }

  /** Reads the hub's version details and posts (or puts) its Credentials; the token answered is used from then on. */
  async join(method: 'POST' | 'PUT' = 'POST', body: unknown = this.credentials()): Promise<Reply> {
    const reply = await this.send(method, 'credentials', { body, from: null })
    const token = at(reply.data, 'token')
    if (typeof token === 'string') this.token = token
    return reply
  }

  /** Sends a request to an interface of the hub (`receiver/tariffs/NL/TNM/1`) or to a URL. */
  async send(method: string, target: string, options: SendOptions = {}): Promise<Reply> {
    const { query = {}, headers } = options
    const isOld = this.#version === '2.1.1'
    const from = isOld ? null : options.from === undefined ? this.party : options.from
    const to = isOld ? undefined : options.to
    const url = new URL(target.startsWith('http') ? target : await this.#locate(target))
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const body =
      options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body))
    return ask({
      url: url.href,
      method,
      body,
      headers: {
        authorization: encode(this.token, this.#options.shows ?? this.#usualEncoding),
        ...(isOld ? {} : { 'X-Request-ID': randomUUID(), 'X-Correlation-ID': randomUUID() }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(from === null ? {} : routing('from', from)),
        ...(to === undefined ? {} : routing('to', to)),
        ...headers,
      },
    })
  }

  get #usualEncoding(): 'base64' | 'raw' {
    return this.#version === '2.1.1' ? 'raw' : 'base64'
  }

  /** The hub's URL of an interface and what follows it, taken from its version details. */
  async #locate(target: string): Promise<string> {
    if (target === 'versions') return this.#invitation.versionsUrl
    if (this.#hubUrls.size === 0) await this.#discover()
    const [first = '', second = '', ...rest] = target.split('/')
    const place = first === 'credentials' ? first : this.#placeAtHub(first, second)
    const base = this.#hubUrls.get(place)
    if (base !== undefined) return [base, ...rest].join('/')
    const { origin } = new URL(this.#invitation.versionsUrl)
    if (this.#version !== '2.1.1') return `${origin}/ocpi/${this.#version}/${target}`
    const side = this.parties.some(isOperator) ? 'cpo' : 'emsp'
    return [`${origin}/ocpi/${side}/2.1.1`, place, ...rest].join('/')
  }

  /** 2.1.1 has one URL a module, whose side follows from the partner's role. */
  #placeAtHub(side: string, module: string): string {
    return this.#version === '2.1.1' ? module : `${side}/${module}`
  }

  async #discover(): Promise<void> {
    const versions = await this.send('GET', this.#invitation.versionsUrl, { from: null })
    const offered = items(versions.data).find((each) => at(each, 'version') === this.#version)
    const url = at(offered, 'url')
    // Without it the URLs stay unknown, and what is sent goes to where they would be.
    if (typeof url !== 'string') return
    const details = await this.send('GET', url, { from: null })
    for (const endpoint of items(at(details.data, 'endpoints'))) {
      const identifier = String(at(endpoint, 'identifier'))
      const side = String(at(endpoint, 'role')).toLowerCase()
      const place = identifier === 'credentials' ? identifier : this.#placeAtHub(side, identifier)
      this.#hubUrls.set(place, String(at(endpoint, 'url')))
    }
  }

  #respond(response: ServerResponse, got: Got): void {
    this.got.push(got)
    const wanted = [this.expects, this.#formerlyExpected].map((token) =>
      encode(token, this.#options.wants ?? this.#usualEncoding),
    )
    if (!wanted.includes(got.headers.authorization ?? '')) {
      writeAnswer(response, { status: 401, code: 2001, message: 'unknown token' })
      return
    }
    const given = this.answer(got) ?? this.#usual(got)
    if (given === 'drop') response.destroy()
    else if (given !== 'silence') writeAnswer(response, given)
  }

  #usual(got: Got): Given {
    const isList = got.place.startsWith('sender/') && !got.rest.startsWith('/')
    if (got.place === 'versions') {
      const versions = this.#options.versions ?? [this.#version]
      return { data: versions.map((version) => ({ version, url: `${this.url}/${version}` })) }
    }
    if (got.place === 'details') return { data: this.#details(got.version) }
    if (got.place === 'credentials') {
      this.token = String(at(got.json, 'token'))
      return { data: this.credentials() }
    }
    if (got.place === 'receiver/commands' && got.method === 'POST') {
      const timeout = got.version === '2.1.1' ? {} : { timeout: 30 }
      return { data: { result: 'ACCEPTED', ...timeout } }
    }
    if (got.place === 'receiver/cdrs' && got.method === 'POST')
      return { status: 201, headers: { Location: `${this.url}/cdr/${randomUUID()}` } }
    return got.method === 'GET' && isList ? { data: [] } : {}
  }

  #details(version: string): unknown {
    const endpoints = ['sender/credentials', ...this.modules].map((place) => {
      const [side = '', identifier = ''] = place.split('/')
      const path = identifier === 'credentials' ? identifier : place
      const url = `${this.url}/${version}/${path}`
      // 2.1.1 tells no roles.
      return version === '2.1.1'
        ? { identifier, url }
        : { identifier, role: side.toUpperCase(), url }
    })
    return { version, endpoints }
  }
}

function encode(token: string, encoding: 'base64' | 'raw' = 'base64'): string {
  return `Token ${encoding === 'raw' ? token : Buffer.from(token).toString('base64')}`
}

function routing(side: 'from' | 'to', party: string): Record<string, string> {
  const [countryCode = '', partyId = ''] = party.split('-')
  return { [`OCPI-${side}-country-code`]: countryCode, [`OCPI-${side}-party-id`]: partyId }
}

/** A party as a CredentialsRole, or as the admin API takes it in an invitation. */
export function asRole({ party, role }: Party) {
  const [country_code = '', party_id = ''] = party.split('-')
  return { role, country_code, party_id, business_details: { name: `${role} ${party}` } }
}

function newToken(): string {
  return randomBytes(24).toString('hex')
}
