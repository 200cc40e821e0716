import { numberOf, objectIn, objectsIn, needText, parseJson, textOf, textsIn } from './json.ts'
import type { Json } from './json.ts'
import type { Method, Wire } from './wire.ts'
import type { PlatformPlan } from './world.ts'

/** Rows of a page; what the hub allows at most. */
const PAGE_ROWS = 500

/** A CDR in the hub's list. Amounts are decimal text, null before they are known. */
export type AdminCdr = {
  owner: string
  id: string
  receiver: string
  state: string
  currency: string
  net: string | undefined
  tax: string | undefined
  cycle: string | undefined
  delivery: string
  codes: string[]
}

type AdminFinding = {
  code: string
  severity: string
  message: string
  expected: string | undefined
  actual: string | undefined
  difference: string | undefined
}

type AdminCycle = { id: string; currency: string; state: string }

export type StatementLine = {
  owner: string
  cdrId: string
  counterparty: string
  direction: string
  state: string
  net: string
  tax: string
}

/** One party's statement; `totals` as sent: column → owes|gets → net, tax, gross. */
export type AdminStatement = {
  party: string
  currency: string
  kind: string
  totals: Json
  netPosition: string
  carriedCount: number
  lines: StatementLine[]
}

export type Position = { party: string; net: string }

type Ask = (method: Method, path: string, body?: Json) => Promise<Json>

/** The hub's admin API as the demo needs it. Every call throws on an answer that is not 2xx. */
export type Admin = ReturnType<typeof createAdmin>

export function createAdmin(options: { hubUrl: string; adminToken: string; wire: Wire }) {
  const ask = createAsk(options)
  return { ...partyCalls(ask), ...cdrCalls(ask), ...settlementCalls(ask) }
}

function createAsk(options: { hubUrl: string; adminToken: string; wire: Wire }): Ask {
  const { wire, hubUrl, adminToken } = options
  return async (method, path, body) => {
    const request = {
      method,
      url: `${hubUrl}/admin/v1${path}`,
      headers: { Authorization: `Bearer ${adminToken}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }
    const answer = await wire.exchange(request).catch((error: unknown) => {
      // A kept connection may have been closed meanwhile; reading twice does no harm.
      if (method === 'GET') return wire.exchange(request)
      throw error
    })
    if (answer.status >= 300) {
      throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text.slice(0, 500)}`)
    }
    return objectIn(parseJson(answer.text))
  }
}

async function list(ask: Ask, path: string): Promise<Json[]> {
  const items: Json[] = []
  let cursor: string | undefined = ''
  while (cursor !== undefined) {
    const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const mark = path.includes('?') ? '&' : '?'
    const page = await ask('GET', `${path}${mark}limit=${PAGE_ROWS}${after}`)
    items.push(...objectsIn(page['items']))
    cursor = textOf(page, 'next_cursor')
  }
  return items
}

function partyCalls(ask: Ask) {
  return {
    /** Creates a platform with the roles that it may register. */
    invite: async (plan: PlatformPlan) => {
      const roles = plan.parties.map((party) => ({
        role: plan.role,
        country_code: party.countryCode,
        party_id: party.partyId,
        business_details: { name: party.name },
      }))
      const made = await ask('POST', '/platforms', { name: plan.name, roles })
      return { tokenA: needText(made, 'token_a'), versionsUrl: needText(made, 'versions_url') }
    },
    agree: (pair: { cpo: string; emsp: string }, terms: Json) =>
      ask('PUT', `/agreements/${pair.cpo}/${pair.emsp}`, terms),
  }
}

function cdrCalls(ask: Ask) {
  return {
    cdrs: async (filter = ''): Promise<AdminCdr[]> =>
      (await list(ask, `/cdrs${filter}`)).map(readCdr),
    /** Whether there is a CDR in this state. */
    hasCdrs: async (state: string): Promise<boolean> => {
      const page = await ask('GET', `/cdrs?state=${state}&limit=1`)
      return objectsIn(page['items']).length > 0
    },
    findings: async (cdr: { owner: string; id: string }): Promise<AdminFinding[]> => {
      const path = `/cdrs/${cdr.owner.replace('-', '/')}/${encodeURIComponent(cdr.id)}`
      return objectsIn((await ask('GET', path))['findings']).map(readFinding)
    },
  }
}

function settlementCalls(ask: Ask) {
  return {
    cycles: async (): Promise<AdminCycle[]> =>
      (await list(ask, '/cycles')).map((item) => ({
        id: needText(item, 'id'),
        currency: needText(item, 'currency'),
        state: needText(item, 'state'),
      })),
    close: (cycle: string) => ask('POST', `/cycles/${cycle}/close`, { reason: 'demo' }),
    finalize: async (cycle: string): Promise<Position[]> => {
      const final = await ask('POST', `/cycles/${cycle}/finalize`, { reason: 'demo' })
      return objectsIn(final['positions']).map((one) => ({
        party: needText(one, 'party'),
        net: needText(one, 'net'),
      }))
    },
    /** All statements of a cycle with all their lines. */
    statements: async (cycle: string): Promise<AdminStatement[]> => {
      const found: AdminStatement[] = []
      for (const summary of await list(ask, `/cycles/${cycle}/statements`)) {
        const party = needText(summary, 'party').replace('-', '/')
        found.push(await readStatement(ask, `/cycles/${cycle}/statements/${party}`))
      }
      return found
    },
    verifyLedger: async () => {
      const verdict = await ask('POST', '/ledger/verify', { reason: 'demo' })
      const differences = objectsIn(verdict['differences']).length
      const breaches = objectsIn(verdict['breaches']).length
      return { isOk: verdict['ok'] === true, differences: differences + breaches }
    },
  }
}

function readCdr(item: Json): AdminCdr {
  return {
    owner: `${needText(item, 'country_code')}-${needText(item, 'party_id')}`,
    id: needText(item, 'id'),
    receiver: needText(item, 'receiver'),
    state: needText(item, 'state'),
    currency: needText(item, 'currency'),
    net: textOf(item, 'net'),
    tax: textOf(item, 'tax'),
    cycle: textOf(item, 'cycle'),
    delivery: textOf(item, 'delivery') ?? '',
    codes: textsIn(item['findings']),
  }
}

function readFinding(item: Json): AdminFinding {
  return {
    code: needText(item, 'code'),
    severity: needText(item, 'severity'),
    message: needText(item, 'message'),
    expected: textOf(item, 'expected'),
    actual: textOf(item, 'actual'),
    difference: textOf(item, 'difference'),
  }
}

async function readStatement(ask: Ask, path: string): Promise<AdminStatement> {
  const lines: StatementLine[] = []
  let cursor: string | undefined = ''
  let page: Json = {}
  while (cursor !== undefined) {
    const after: string = cursor === '' ? '' : `?cursor=${encodeURIComponent(cursor)}`
    page = await ask('GET', `${path}${after}`)
    lines.push(...objectsIn(page['lines']).map(readLine))
    cursor = textOf(page, 'next_cursor')
  }
  const totals = objectIn(page['totals'])
  return {
    party: needText(page, 'party'),
    currency: needText(page, 'currency'),
    kind: needText(page, 'kind'),
    totals,
    netPosition: needText(totals, 'net_position'),
    carriedCount: numberOf(objectIn(page['carried']), 'line_count') ?? 0,
    lines,
  }
}

function readLine(line: Json): StatementLine {
  return {
    owner: needText(line, 'owner'),
    cdrId: needText(line, 'cdr_id'),
    counterparty: needText(line, 'counterparty'),
    direction: needText(line, 'direction'),
    state: needText(line, 'state'),
    net: needText(line, 'net'),
    tax: needText(line, 'tax'),
  }
}
