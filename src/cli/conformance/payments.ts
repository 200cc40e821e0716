import { isRecord } from '../../ocpi/validate.ts'
import { moduleById } from '../../ocpi/registry.ts'
import { limits } from '../../../config/limits.ts'
import { ask } from './bench.ts'
import type { Bench } from './bench.ts'
import { done, fail, isDone, pass, refusedAs, refusedWith, said, skipped, warn } from './check.ts'
import type { Check, Source, Verdict } from './check.ts'
import { differs } from './compare.ts'
import type { Exchange } from './exchange.ts'
import { sentVerdict } from './later-results.ts'
import type { Listing } from './listing.ts'
import { timeAt } from './made.ts'
import type { Json } from './made.ts'
import { askList, listChecks, oneChecks } from './more-lists.ts'
import type { Got } from './own-state.ts'
import { offerChecks } from './reach.ts'
import type { At } from './reach.ts'

const MODULE = 'payments'
const FILE = 'mod_payments'

/** The two kinds of objects, with how a provider brings a new one. */
const KINDS = [
  {
    label: 'terminals',
    path: '/terminals',
    section: 'Terminal Method',
    idMember: 'terminal_id',
    required: 'terminal_id',
  },
  {
    label: 'confirmations',
    path: '/financial-advice-confirmations',
    section: 'Financial Advice Confirmation Method',
    idMember: 'id',
    required: 'authorization_reference',
  },
] as const

type Kind = (typeof KINDS)[number]

const [TERMINALS] = KINDS

/** A CPO as a payment terminal provider meets it, or such a provider as a CPO does (2.3.0 Payments). */
export function paymentChecks(bench: Bench, listings: Map<string, Listing>): Check[] {
  if (bench.role === 'cpo')
    return offerChecks(bench, listings, {
      module: MODULE,
      side: 'receiver',
      probe: (at) => getOne(bench, at, { kind: TERMINALS, id: 'CONF-NOBODY' }),
      rows: (at) => KINDS.flatMap((kind) => postRows(bench, at, kind)),
    })
  return offerChecks(bench, listings, {
    module: MODULE,
    side: 'sender',
    probe: (at) => askList(bench, at, TERMINALS.path),
    rows: (at) => [
      ...KINDS.flatMap((kind) => {
        const list = { label: kind.label, module: MODULE, path: kind.path }
        const first = () => listings.get(kind.label)?.objects[0]
        const { idMember, section } = kind
        return [
          ...listChecks(bench, listings, { list, at }),
          ...oneChecks(bench, { list, at, idMember, section: `GET ${section}`, first }),
        ]
      }),
      assignRow(bench, at, () => listings.get(TERMINALS.label)?.objects[0]),
      ...activationRows(bench, at),
    ],
  })
}

function getOne(bench: Bench, at: At, of: { kind: Kind; id: string }): Promise<Exchange> {
  const url = `${at.url}${of.kind.path}/${encodeURIComponent(of.id)}`
  return ask(bench, { method: 'GET', url, for: at.whom })
}

function newObject({ settings }: Bench, { label }: Kind): Json {
  const nowMs = settings.clock()
  const id = `CONF-P-${nowMs.toString(36).toUpperCase()}`
  const last_updated = timeAt(nowMs)
  if (label === 'terminals')
    return { terminal_id: id, reference: 'CONF-SERIAL', city: 'Utrecht', last_updated }
  return {
    id,
    authorization_reference: 'CONF-REFERENCE',
    total_costs: { before_taxes: 1, taxes: [{ name: 'VAT', amount: 0.21 }] },
    currency: 'EUR',
    eft_data: ['CONF'],
    capture_status_code: 'SUCCESS',
    last_updated,
  }
}

/** New objects are posted and can be read; they are never changed here. */
function postRows(bench: Bench, at: At, kind: Kind): Check[] {
  const { label, path, section, idMember, required } = kind
  const object = newObject(bench, kind)
  const { [required]: _left, ...incomplete } = object
  const id = String(object[idMember])
  const post = (content: { body?: unknown; raw?: string }) =>
    ask(bench, { method: 'POST', url: `${at.url}${path}`, for: at.whom, ...content })
  let isKept = false
  const row = (name: string, what: string, source: Source, run: Check['run']): Check => ({
    id: `${label}.${name}`,
    what: `${label}: ${what}`,
    source,
    run,
  })
  return [
    row('post', 'POST of a new object is taken', [FILE, `POST ${section}`], async () => {
      const exchange = await post({ body: object })
      isKept = isDone(exchange)
      return done(exchange)
    }),
    row('get', 'GET answers what was posted', [FILE, `GET ${section}`], async () => {
      if (!isKept) return skipped('the POST before was not taken')
      return holds(await getOne(bench, at, { kind, id }), object)
    }),
    row('get-unknown', 'GET of an unknown object: 404', HTTP, async () =>
      refusedWith(await getOne(bench, at, { kind, id: 'CONF-NOBODY' }), 404),
    ),
    row('malformed', 'a body that is no JSON: HTTP 400', HTTP, async () =>
      refusedWith(await post({ raw: '{"id": "CONF' }), 400),
    ),
    row('missing', 'a required member is missing: 2001', CODES, async () =>
      refusedAs(await post({ body: incomplete }), 2001),
    ),
  ]
}

const HTTP: Source = ['transport_and_format', 'Response format']
const CODES: Source = ['status_codes', '2xxx: Client errors']

function holds(exchange: Exchange, expected: Json): Verdict {
  const answer = done(exchange)
  if (answer.outcome !== 'pass') return answer
  const difference = differs(expected, exchange.data)
  return difference === null ? pass() : fail(`${difference} is not what was sent`)
}

/** The CPO says where a terminal stands; what it said before is put back. */
function assignRow(bench: Bench, at: At, first: () => Json | undefined): Check {
  return {
    id: 'terminals.patch',
    what: 'terminals: PATCH assigns locations to a terminal and changes nothing else',
    source: [FILE, 'PATCH Terminal Method'],
    run: async () => {
      const terminal = first()
      if (!terminal) return skipped('there are no objects')
      const id = String(terminal[TERMINALS.idMember])
      const url = `${at.url}${TERMINALS.path}/${encodeURIComponent(id)}`
      const patch = (location_ids: unknown) => {
        const body = { location_ids, last_updated: timeAt(bench.settings.clock()) }
        return ask(bench, { method: 'PATCH', url, for: at.whom, body })
      }
      const before: unknown = terminal['location_ids']
      const answer = done(await patch(['CONF-L1']))
      if (answer.outcome !== 'pass') return answer
      const { last_updated: _time, ...rest } = terminal
      const exchange = await getOne(bench, at, { kind: TERMINALS, id })
      const verdict = holds(exchange, { ...rest, location_ids: ['CONF-L1'] })
      await patch(Array.isArray(before) ? before : [])
      return verdict
    },
  }
}

/** A terminal is activated by its serial number, is then created at our Receiver interface, and is given up again. */
function activationRows(bench: Bench, at: At): Check[] {
  const reference = `CONF-${bench.settings.clock().toString(36).toUpperCase()}`
  const post = (path: string, content: { body?: unknown; raw?: string }) =>
    ask(bench, { method: 'POST', url: `${at.url}${path}`, for: at.whom, ...content })
  let isActivated = false
  let created: string | null = null
  return [
    {
      id: 'terminals.activate',
      what: 'terminals: POST activates a terminal',
      source: [FILE, 'POST Activate Terminal Method'],
      run: async () => {
        const last_updated = timeAt(bench.settings.clock())
        const exchange = await post('/terminals/activate', { body: { reference, last_updated } })
        isActivated = isDone(exchange)
        return isActivated ? pass() : fail(said(exchange))
      },
    },
    {
      id: 'terminals.created',
      what: 'terminals: what was activated is posted to our Receiver interface',
      source: [FILE, 'POST Terminal Method'],
      run: async () => {
        if (!isActivated) return skipped('it was not activated')
        const isOurs = ({ method, path, body }: Got) =>
          method === 'POST' &&
          path.endsWith('/payments/terminals') &&
          isRecord(body) &&
          body['reference'] === reference
        const got = await bench.own.waitFor(isOurs, limits.certifySessionMs)
        if (!got) return warn(`none came within ${limits.certifySessionMs / 1_000} s`)
        if (isRecord(got.body)) created = String(got.body['terminal_id'])
        const schema = moduleById(MODULE)?.endpoints['postTerminal']?.body?.schema ?? {}
        return sentVerdict(bench, got, schema)
      },
    },
    {
      id: 'terminals.deactivate',
      what: 'terminals: POST deactivates it',
      source: [FILE, 'POST Deactivate Terminal Method'],
      run: async () => {
        if (created === null) return skipped('no terminal was created')
        return done(await post(`/terminals/${encodeURIComponent(created)}/deactivate`, {}))
      },
    },
    {
      id: 'terminals.malformed',
      what: 'terminals: a body that is no JSON: HTTP 400',
      source: HTTP,
      run: async () => refusedWith(await post('/terminals/activate', { raw: '{"ref' }), 400),
    },
  ]
}
