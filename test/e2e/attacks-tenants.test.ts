import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { at } from '../helpers/ask.ts'
import type { Reply } from '../helpers/ask.ts'
import { startDoorHub } from '../helpers/door-hub.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { note } from '../helpers/note.ts'
import { objectOf, oneOfEach, playTenantCell, tenantCells } from '../helpers/tenant-cells.ts'
import type { Pair, TenantCell } from '../helpers/tenant-cells.ts'

const hub = await startDoorHub()
const hubParty = 'NL-XCH'
const { db } = hub.database
const secret = 'SECRET-OF-A'

const tenants = suite('tenants')
tenants.after.each(() => hub.assertSound())
tenants.after(async () => hub[Symbol.asyncDispose]())

const LETTERS = { '2.1.1': 'A', '2.2.1': 'B', '2.3.0': 'C' }
const sides = {
  cpo: ['sender/locations', 'receiver/commands', 'sender/sessions', 'receiver/chargingprofiles'],
  emsp: ['receiver/sessions', 'receiver/cdrs', 'sender/tokens', 'receiver/locations'],
}

/** An operator and a provider of one version, with everything between them that is not for everyone. */
async function plant(version: Version): Promise<Pair> {
  const letter = LETTERS[version]
  const cpo = await hub.connect({
    parties: [{ party: `NL-${letter}CP`, role: 'CPO' }],
    modules: [...sides.cpo, 'receiver/tokens'],
    version,
  })
  const emsp = await hub.connect({
    parties: [{ party: `NL-${letter}EM`, role: 'EMSP' }],
    modules: [...sides.emsp, 'receiver/tariffs'],
    version,
  })
  const pair = { version, cpo, emsp }
  // 2.1.1 cannot say that a location is for one party.
  const places = version === '2.1.1' ? ['sessions'] : ['locations', 'tariffs', 'sessions']
  for (const module of places) await putMarked(pair, { module, by: cpo, to: emsp })
  if (version !== '2.1.1') await putMarked(pair, { module: 'tokens', by: emsp, to: cpo })
  const cdr = { ...objectOf(pair, 'cdr'), x_secret: secret }
  assert.is((await cpo.send('POST', 'receiver/cdrs', { body: cdr })).code, 1000)
  return pair
}

async function putMarked(
  pair: Pair,
  { module, by, to }: { module: string; by: FakePartner; to: FakePartner },
): Promise<void> {
  const body = { ...objectOf(pair, module.replace(/s$/, '')), x_secret: secret }
  const place = `receiver/${module}/${by.party.replace('-', '/')}/OBJ`
  const reply = await by.send('PUT', place, { body, to: to.party })
  assert.is(reply.code, 1000, `${place}: ${reply.text}`)
}

/** URLs of the hub that were made for a pair: of its CDR, of the next page of a list, of the result of a command. */
async function urlsFor({ version, cpo, emsp }: Pair): Promise<string[]> {
  const [country, party] = cpo.party.split('-')
  const base = version === '2.1.1' ? '/cpo/2.1.1/cdrs' : `/${version}/receiver/cdrs`
  const cdr = `${base}/${country}/${party}/OBJ`
  const body = { response_url: `${emsp.url}/cb/a/b/${secret}`, session_id: 'OBJ' }
  const to = cpo.party
  const stop = await emsp.send('POST', 'receiver/commands/STOP_SESSION', { body, to })
  assert.is(stop.code, 1000, stop.text)
  const minted = String(at(cpo.received('receiver/commands').at(-1)?.json, 'response_url'))
  if (version === '2.1.1') return [cdr, minted]
  const next = `${cpo.url}/${version}/sender/locations?page=${secret}`
  cpo.answer = ({ place, rest }) =>
    place !== 'sender/locations'
      ? undefined
      : rest.includes(secret)
        ? { data: [{ x_secret: secret }] }
        : { data: [], headers: { Link: `<${next}>; rel="next"` } }
  const page = await emsp.send('GET', 'sender/locations', { to })
  const link = /<([^>]+)>/.exec(String(page.headers.link))?.[1] ?? ''
  assert.match((await emsp.send('GET', link, { to })).text, secret)
  return [cdr, minted, link]
}

/** What the pairs have, as one text: nobody else may change it. */
async function estate(parties: readonly string[]): Promise<string> {
  const [row] = await db.rows<{ digest: string }>(sql`
    select md5(string_agg(line, ' ' order by line)) as digest from (
      select concat_ws('|', module, owner, object_key, audience, revision, deleted_at, original) as line
      from objects where owner = any(${parties}::text[])
      union all
      select concat_ws('|', c.owner, c.cdr_key, s.state, s.epoch, s.delivery, encode(c.original, 'hex'))
      from cdrs c join cdr_states s on s.cdr_id = c.id where c.owner = any(${parties}::text[])
      union all
      select concat_ws('|', id, requester, receiver, encode(url_sealed, 'hex'), expires_at, answers) from callbacks
      where requester = any(${parties}::text[])
      union all
      select concat_ws('|', emsp, reservation_key, cpo) from reservations where emsp = any(${parties}::text[])
      union all
      select concat_ws('|', p.id, p.status, p.ocpi_version, p.versions_url, encode(p.peer_token_sealed, 'hex'), p.quirks,
        encode(t.token_hash, 'hex'), t.expires_at)
      from platforms p left join credentials_tokens t on t.platform_id = p.id
      where p.id in (select platform_id from platform_parties where party = any(${parties}::text[]))
      union all
      select concat_ws('|', platform_id, module, interface, url) from endpoints
      where platform_id in (select platform_id from platform_parties where party = any(${parties}::text[]))
    ) lines`)
  return row?.digest ?? ''
}

const STRANGERS = [
  ['2.1.1', 'CPO'],
  ['2.1.1', 'EMSP'],
  ['2.2.1', 'CPO'],
  ['2.2.1', 'EMSP'],
  ['2.2.1', 'NSP'],
  ['2.2.1', 'NAP'],
  ['2.2.1', 'SCSP'],
  ['2.2.1', 'OTHER'],
  ['2.3.0', 'CPO'],
  ['2.3.0', 'EMSP'],
  ['2.3.0', 'PTP'],
] as const

tenants('T87: nobody sees or changes what is not meant for him, in any version', async () => {
  const pairs = await oneOfEach(plant)
  // As a worker does when it has judged them: from now on their receivers may see them.
  await db.rows(sql`
    update cdr_states set state = 'held', delivery = 'delivered', visible_seq = nextval('cdr_visible_seq')`)
  const made: string[] = []
  for (const pair of pairs) made.push(...(await urlsFor(pair)))
  const owners = pairs.flatMap(({ cpo, emsp }) => [cpo, emsp])
  const tokens = owners.flatMap(({ token, expects }) => [token, expects])
  const parties = owners.map(({ party }) => party)
  const before = await estate(parties)
  const leaks: string[] = []
  let cells = 0
  for (const [index, [version, role]] of STRANGERS.entries()) {
    const party = `DE-${String(index).padStart(2, '0')}S`
    const stranger = await hub.connect({ parties: [{ party, role }], version })
    const queue = [
      ...tenantCells(stranger, pairs),
      ...made.flatMap((url) => borrowing(stranger, url)),
    ]
    cells += queue.length
    const work = async (): Promise<void> => {
      for (let cell = queue.shift(); cell; cell = queue.shift()) {
        const reply = await playTenantCell(hub.web.url, { stranger, cell })
        const name = `${version} ${role} ${cell.method} ${cell.url} from ${cell.from} to ${cell.to}`
        leaks.push(...leaksOf(reply, tokens).map((what) => `${name}: ${what}`))
      }
    }
    await Promise.all(Array.from({ length: 8 }, work))
  }
  assert.equal(leaks, [])
  assert.is(await estate(parties), before)
  await showToOwners(pairs)
  note(`tenant matrix: ${cells} cells, ${leaks.length} leaks`)
  assert.ok(cells > 5_000)
})

/** Somebody else's URL, with every method. */
function borrowing(stranger: FakePartner, url: string): TenantCell[] {
  const version = stranger.version
  const from = stranger.party
  const body = JSON.stringify({ result: 'ACCEPTED' })
  return [
    { version, url, method: 'GET', from, to: null, body: undefined },
    { version, url, method: 'GET', from, to: hubParty, body: undefined },
    { version, url, method: 'POST', from, to: null, body },
    { version, url, method: 'PUT', from, to: null, body },
  ]
}

function leaksOf(reply: Reply, tokens: readonly string[]): string[] {
  const shown = reply.text + JSON.stringify(reply.headers)
  const seen = [secret, ...tokens].filter((text) => shown.includes(text))
  return [
    ...seen.map(() => 'shows what is not meant for it'),
    ...(reply.status >= 500 ? [`${reply.status} ${reply.text.slice(0, 200)}`] : []),
  ]
}

/** The marker is there for those it is meant for, or the matrix would prove nothing. */
async function showToOwners(pairs: readonly Pair[]): Promise<void> {
  for (const { version, cpo, emsp } of pairs) {
    const path = `${cpo.party.replace('-', '/')}/OBJ`
    const sessions = 'sender/sessions?date_from=2020-01-01T00:00:00Z'
    const shown: [FakePartner, string][] = [
      [cpo, `receiver/cdrs/${path}`],
      [emsp, 'sender/cdrs'],
      [emsp, sessions],
    ]
    if (version !== '2.1.1') shown.push([emsp, 'sender/tariffs'], [emsp, `receiver/cdrs/${path}`])
    for (const [partner, place] of shown) {
      const { text } = await partner.send('GET', place, { to: hubParty })
      assert.match(text, secret, `${version} ${place}`)
    }
  }
}

tenants.run()
