import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { foldKey } from '../../src/ocpi/primitives.ts'
import { at } from '../helpers/ask.ts'
import { bodyOf, rawOf, readFixture, requestOf } from '../helpers/bad-input.ts'
import type { Case, Request, Speaker } from '../helpers/bad-input.ts'
import { startDoorHub } from '../helpers/door-hub.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { RawConnection } from '../helpers/raw-socket.ts'
import type { RawAnswer } from '../helpers/raw-socket.ts'

const fixture = readFixture()
const closeMs = 2_000

const hub = await startDoorHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-BAD', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'NL-EAT', role: 'EMSP' }] })
const speakers = { cpo: asSpeaker(cpo), emsp: asSpeaker(emsp) }
let connection = await RawConnection.open(hub.web.port)
// The first use of a token is written down.
for (const as of ['cpo', 'emsp'] as const) await prepare({ as })
/** What is stored, as of the last case. */
let written = await hub.written()

const rows = suite('bad input')
rows.after.each(() => hub.assertSound())
rows.after(async () => {
  connection.close()
  await hub[Symbol.asyncDispose]()
})

for (const from of new Set(fixture.cases.map((each) => each.from))) {
  const cases = fixture.cases.filter((each) => each.from === from)
  rows(`${from}: ${cases.map(({ id }) => id).join(', ')}`, async () => {
    const faults: string[] = []
    for (const each of cases) faults.push(...(await play(each)))
    if (faults.length > 0) assert.unreachable(`\n${faults.join('\n')}`)
  })
}

rows('the names of cases are unlike each other and fit into an id', () => {
  const ids = fixture.cases.map(({ id }) => foldKey(id))
  assert.is(new Set(ids).size, ids.length)
  assert.ok(ids.every((id) => id.length <= 36))
})

rows.run()

/** Plays a case and returns what is wrong with the answer and what came of it, in words. */
async function play(each: Case): Promise<string[]> {
  const started = performance.now()
  for (const request of each.before ?? []) await prepare(request, each.id)
  if (each.before) written = await hub.written()
  const bytes = each.raw
    ? rawOf(fixture, { case: each, speakers })
    : requestOf(fixture, { id: each.id, request: each, speakers })
  connection.write(bytes)
  const answer = await connection.answer({ bodiless: each.method === 'HEAD' })
  const faults = answer ? judge(each, answer) : ['no answer']
  if (answer) faults.push(...(await judgeEffects(each, answer)))
  faults.push(...(await judgeConnection(each)))
  const tookMs = performance.now() - started
  if (tookMs > 2_500) faults.push(`took ${Math.round(tookMs)} ms`)
  const said = answer ? `${answer.status} ${answer.text.slice(0, 300)}` : ''
  return faults.map((fault) => `${each.id}: ${fault} | ${said}`)
}

function asSpeaker({ token, party }: FakePartner): Speaker {
  const authorization = `Token ${Buffer.from(token).toString('base64')}`
  return { authorization, countryCode: party.slice(0, 2), partyId: party.slice(3) }
}

/** A request that must succeed. */
async function prepare(request: Request, id = 'before'): Promise<void> {
  connection.write(requestOf(fixture, { id, request, speakers: speakers }))
  const answer = await connection.answer()
  assert.is(answer?.code, 1000, `${id}: ${answer?.text}`)
}

function judge(each: Case, answer: RawAnswer): string[] {
  const faults: string[] = []
  const expect = (holds: boolean, what: string): void => void (holds || faults.push(what))
  expect(answer.status === each.http, `HTTP ${answer.status}, not ${each.http}`)
  expect(answer.headers.get('cache-control') === 'no-store', 'may be cached')
  if (each.ocpi !== null) {
    expect(answer.code === each.ocpi, `code ${answer.code}, not ${each.ocpi}`)
    const time = String(at(answer.json, 'timestamp'))
    expect(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(time), 'has no timestamp')
    const echoed = answer.headers.get('x-request-id')
    const sent = each.raw ? undefined : sentRequestId(each)
    expect(sent === undefined || echoed === sent, `X-Request-ID ${echoed}, not ${sent}`)
  }
  const text = each.ocpi === 1000 ? answer.text : answer.message
  for (const word of each.says ?? []) expect(text.includes(filled(word, each)), `misses "${word}"`)
  for (const [name, value] of Object.entries(each.shows ?? {}))
    expect(answer.headers.get(name) === filled(value, each), `${name} ${answer.headers.get(name)}`)
  return faults
}

/** The X-Request-ID to be echoed: when there was one, once, of printable ASCII, not too long. */
function sentRequestId(each: Case): string | undefined {
  const own = (each.headers ?? []).filter(([name]) => name.toLowerCase() === 'x-request-id')
  if (own.length === 0) return each.id
  const [first] = own
  const value = own.length === 1 ? first?.[1] : null
  return typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value) ? value : undefined
}

function filled(text: string, each: Case): string {
  return text.replaceAll('${id}', each.id).replaceAll('${url}', hub.web.url)
}

/** Nothing is written for what was refused; what was accepted is there as it was sent, and its faults are noted. */
async function judgeEffects(each: Case, answer: RawAnswer): Promise<string[]> {
  const before = written
  written = await hub.written()
  const faults: string[] = []
  if (answer.code !== 1000 && written !== before)
    faults.push(`wrote something: ${before} → ${written}`)
  if (each.kept === undefined) return faults
  const sent = keptBytes(each)
  const read = await readBack(each, answer)
  if (!read.text.startsWith(`{"data":${sent},"status_code":1000`))
    faults.push(`is not kept as sent: ${read.text.slice(0, 400)}`)
  return [...faults, ...(await missingAlerts(each))]
}

function keptBytes(each: Case): string {
  const request = each.kept === 'unchanged' ? each.before?.[0] : each
  const bytes = bodyOf(fixture, { id: each.id, body: request?.body }) ?? Buffer.alloc(0)
  return bytes.toString('utf8').replace(/^\uFEFF/, '')
}

async function readBack(each: Case, answer: RawAnswer): Promise<RawAnswer> {
  const location = answer.headers.get('location')
  const path = location === undefined ? (each.path ?? '') : new URL(location).pathname
  const headers: [string, string][] = [
    ['OCPI-to-country-code', 'NL'],
    ['OCPI-to-party-id', 'XCH'],
  ]
  const request = { as: each.as ?? 'cpo', method: 'GET', path, headers }
  connection.write(requestOf(fixture, { id: each.id, request, speakers: speakers }))
  const read = await connection.answer()
  assert.ok(read, 'the object cannot be read back')
  return read
}

/** What was accepted although it is wrong is told to the operator: one alert per owner, module and place. */
async function missingAlerts(each: Case): Promise<string[]> {
  const pointers = (each.says ?? []).filter((word) => word.startsWith('/'))
  const rows = await hub.database.db.rows<{ subject: string }>(
    sql`select subject from alerts where code = 'object_fault'`,
  )
  // Names that occur twice are the sender's choice: all of them are one place.
  const isTwice = (each.says ?? []).includes('more than once')
  return pointers
    .map((pointer) => (isTwice ? '/*' : pointer.replace(/\/\d+(?=\/|$)/g, '/*')))
    .filter((place) => !rows.some(({ subject }) => subject.endsWith(place)))
    .map((place) => `no alert about ${place}`)
}

/** Closed when framing was broken, and only then: else the next good request works on it. */
async function judgeConnection(each: Case): Promise<string[]> {
  const faults: string[] = []
  if (each.closes) {
    if (each.answers === 1 && (await connection.answer()) !== null) faults.push('a second answer')
    if (!(await connection.ended(closeMs))) faults.push('the connection stays open')
  } else {
    faults.push(...(await tryNext()))
  }
  if (!connection.isClosed && !each.closes) return faults
  connection.close()
  connection = await RawConnection.open(hub.web.port)
  return [...faults, ...(await tryNext())]
}

async function tryNext(): Promise<string[]> {
  const request = { method: 'GET', path: '/ocpi/versions' }
  connection.write(requestOf(fixture, { id: 'next', request, speakers: speakers }))
  const answer = await connection.answer()
  return answer?.status === 200 && answer.code === 1000
    ? []
    : [`the next request does not work (${answer ? answer.status : 'closed'})`]
}
