// Every route of the party API and every endpoint of the hub's own modules, asked by those it is not meant for.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { partyRoutes } from '../../src/http/admin/table.ts'
import { at } from '../helpers/ask.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import type { FakePartner, Party } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { note } from '../helpers/note.ts'

const SECRET = 'SECRET-OF-THE-PAIR'
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMP', role: 'EMSP' }] })
const { clean } = disputesOf(hub, { cpo, emsp })

const parties = suite('party API and own modules')
parties.after(() => hub.close())

const STRANGERS: readonly (readonly Party[])[] = [
  [{ party: 'FR-AAA', role: 'CPO' }],
  [{ party: 'FR-BBB', role: 'EMSP' }],
  [
    { party: 'FR-CCC', role: 'CPO' },
    { party: 'FR-CCC', role: 'EMSP' },
  ],
  [{ party: 'FR-DDD', role: 'NSP' }],
]

/** A dispute that is open and one that is decided, with evidence, an adjustment, a notice, a record and webhooks. */
async function plant(): Promise<{ dispute: string; cdr: string }> {
  const cdr = `${SECRET}-1`
  const contest = async (id: string) => {
    await clean(id)
    const body = { code: 'Q2', amount: { net: '1.00' }, text: SECRET }
    const reply = await hub.asParty(emsp, 'POST', `/cdrs/NL/TNM/${id}/contest`, body)
    assert.is(reply.status, 200, reply.text)
    return String(at(reply.json, 'id'))
  }
  const dispute = await contest(cdr)
  const decided = await contest(`${SECRET}-2`)
  await hub.asParty(cpo, 'POST', `/disputes/${decided}/accept`)
  await hub.asParty(cpo, 'PUT', '/webhook', { url: `http://127.0.0.1:1/${SECRET}` })
  await hub.context.db.rows(sql`
    insert into missing_notices (kind, subject, owner, receiver, level, message, since)
    values ('session', ${SECRET}, 'NL-TNM', 'DE-EMP', 2, ${SECRET}, clock_timestamp())`)
  await hub.context.db.rows(sql`
    insert into emsp_records (receiver, record_key, record_id, value, content_hash, source)
    values ('DE-EMP', ${SECRET.toLowerCase()}, ${SECRET}, ${JSON.stringify({ id: SECRET })}, '\\x00', 'party')`)
  return { dispute, cdr }
}

/** Everything the pair has, as one text. */
async function estate(): Promise<string> {
  const [row] = await hub.context.db.rows<{ digest: string }>(sql`
    select md5(string_agg(line, ' ' order by line)) as digest from (
      select d::text as line from disputes d union all select e::text from dispute_events e
      union all select a::text from adjustments a union all select v::text from dispute_evidence v
      union all select w::text from party_webhooks w union all select n::text from missing_notices n
      union all select r::text from emsp_records r where receiver = 'DE-EMP'
      union all select concat_ws('|', s.cdr_id, s.state, s.epoch) from cdr_states s
    ) lines`)
  return row?.digest ?? ''
}

type Cell = { method: string; path: string; body: unknown }

const BODIES: readonly unknown[] = [
  undefined,
  { reason: 'x' },
  { text: 'x' },
  { text: 'x', code: 'Q2' },
  { text: 'x', amount: { net: '0.10' } },
  { counterparty: 'NL-TNM' },
]

function partyCells(known: { dispute: string; cdr: string }): Cell[] {
  return partyRoutes.flatMap(({ method, path }) => {
    const filled = path
      .replace(':cc', 'NL')
      .replace(':pid', 'TNM')
      .replace(
        /:\w+/g,
        path.startsWith('/cdrs')
          ? known.cdr
          : path.startsWith('/cycles')
            ? 'EUR-000001'
            : known.dispute,
      )
    const bodies = method === 'GET' || method === 'DELETE' ? [undefined] : BODIES
    const searches = ['', '?counterparty=NL-TNM', '?party=NL-TNM', '?name=a.txt&media=text/plain']
    return searches.flatMap((search) =>
      bodies.map((body) => ({ method, path: `${filled}${search}`, body })),
    )
  })
}

function moduleCells({ dispute, cdr }: { dispute: string; cdr: string }): Cell[] {
  const of = { country_code: 'NL', party_id: 'TNM', id: cdr }
  const bodies = [
    { text: 'x' },
    { cdr: of, text: 'x', code: 'Q2' },
    { cdr: of },
    { counterparty: { country_code: 'NL', party_id: 'TNM' } },
    { id: SECRET, record_id: SECRET },
  ]
  const paths = [
    'receiver/nlxch-disputes',
    'receiver/nlxch-disputes/approve',
    ...['review', 'answer', 'accept', 'propose', 'reject', 'rebut', 'withdraw', 'rule'].map(
      (verb) => `receiver/nlxch-disputes/${dispute}/${verb}`,
    ),
    'receiver/nlxch-records',
    `receiver/nlxch-records/DE/EMP/${SECRET}`,
  ]
  const reads = [
    'sender/nlxch-disputes',
    `sender/nlxch-disputes/${dispute}`,
    'receiver/nlxch-records',
  ]
  return [
    ...reads.map((path) => ({ method: 'GET', path, body: undefined })),
    ...paths.flatMap((path) =>
      ['POST', 'PUT'].flatMap((method) => bodies.map((body) => ({ method, path, body }))),
    ),
  ]
}

async function playParty(who: FakePartner, cell: Cell): Promise<string> {
  const response = await fetch(`${hub.url}/party/v1${cell.path}`, {
    method: cell.method,
    headers: {
      authorization: `Token ${Buffer.from(who.token).toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(cell.body === undefined ? {} : { body: JSON.stringify(cell.body) }),
  })
  return `${response.status} ${await response.text()}`
}

parties(
  'T89: no route of the party API and no module of the hub shows or changes what is others’',
  async () => {
    const known = await plant()
    const before = await estate()
    const faults: string[] = []
    let cells = 0
    for (const [index, wanted] of STRANGERS.entries()) {
      const stranger = await hub.connect({
        parties: wanted,
        version: index % 2 ? '2.3.0' : '2.2.1',
      })
      for (const cell of partyCells(known)) {
        // Its own webhook is its own affair.
        if (cell.path.startsWith('/webhook')) continue
        cells += 1
        const answer = await playParty(stranger, cell)
        const shows = answer.replaceAll(cell.path, '').replaceAll(known.cdr, '').includes(SECRET)
        if (shows || answer.startsWith('5'))
          faults.push(`${cell.method} ${cell.path}: ${answer.slice(0, 200)}`)
      }
      for (const from of [stranger.party, cpo.party, emsp.party]) {
        for (const { method, path, body } of moduleCells(known)) {
          cells += 1
          const reply = await stranger.send(method, `${hub.url}/ocpi/${stranger.version}/${path}`, {
            from,
            to: 'NL-XCH',
            ...(body === undefined ? {} : { body }),
          })
          const shows = reply.text
            .replaceAll(known.cdr, '')
            .replaceAll(SECRET + '"', '')
            .includes(SECRET)
          if (shows || reply.status >= 500)
            faults.push(`${method} ${path} from ${from}: ${reply.text.slice(0, 200)}`)
        }
      }
    }
    assert.equal(faults, [])
    await hub.context.db.rows(sql`delete from emsp_records where receiver <> 'DE-EMP'`)
    assert.is(await estate(), before)
    const own = await hub.asParty(cpo, 'GET', `/disputes/${known.dispute}`)
    assert.match(own.text, SECRET)
    note(`party routes and own modules: ${cells} cells, ${faults.length} faults`)
    assert.ok(cells > 1_000)
  },
)

parties(
  'T90: every party route needs an access token, and nothing is shown without one',
  async () => {
    for (const { method, path } of partyRoutes) {
      const filled = path.replace(':cc', 'NL').replace(':pid', 'TNM').replace(/:\w+/g, '1')
      for (const authorization of [
        undefined,
        'Token bm90IGEgdG9rZW4=',
        'Bearer root-operator-token-for-tests',
      ]) {
        const response = await fetch(`${hub.url}/party/v1${filled}`, {
          method,
          headers: authorization === undefined ? {} : { authorization },
        })
        assert.is(response.status, 401, `${method} ${path} ${authorization}`)
      }
    }
  },
)

parties.run()
