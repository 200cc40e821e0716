import * as assert from 'uvu/assert'
import type { Kind } from '../../src/ocpi/adapt/define.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { at, items } from './ask.ts'
import type { Reply } from './ask.ts'
import { mintedIn, resultUrl } from './command-story.ts'
import type { FakePartner } from './fake-partner.ts'
import type { Got } from './fake-partner-wire.ts'
import type { TestHub } from './hub.ts'
import { pathOf } from './objects.ts'
import type { Json } from './objects.ts'
import { asked, heard, heardAt, pulled } from './version-story-watch.ts'
import { said, sceneOf, wordsOf } from './version-story-words.ts'
import type { Scene, Words } from './version-story-words.ts'

/** A CPO and an eMSP of any two versions at a hub, and what each of them has to say. */
export type Cast = {
  hub: TestHub
  cpo: FakePartner
  emsp: FakePartner
  scene: Scene
  cpoWords: Words
  emspWords: Words
  isSameVersion: boolean
}

const OPERATOR = ['locations', 'tariffs', 'sessions', 'cdrs']
const CPO_MODULES = [
  ...OPERATOR.map((module) => `sender/${module}`),
  'receiver/tokens',
  'receiver/commands',
]
const EMSP_MODULES = [
  ...OPERATOR.map((module) => `receiver/${module}`),
  'sender/tokens',
  'sender/commands',
]
const SINCE_EVER = { date_from: '2020-01-01T00:00:00Z' }

/** Registers both by the handshake of their versions. `tag`: two letters or digits that no other cast has. */
export async function castOf(
  hub: TestHub,
  of: { cpo: Version; emsp: Version; tag: string },
): Promise<Cast> {
  const scene = sceneOf({ cpo: `NL-C${of.tag}`, emsp: `DE-M${of.tag}` }, of.tag)
  const cpo = await hub.connect({
    parties: [{ party: scene.cpo, role: 'CPO' }],
    version: of.cpo,
    modules: CPO_MODULES,
  })
  const emsp = await hub.connect({
    parties: [{ party: scene.emsp, role: 'EMSP' }],
    version: of.emsp,
    modules: EMSP_MODULES,
  })
  for (const partner of [cpo, emsp]) {
    const { json } = await hub.admin('GET', `/platforms/${partner.id}`)
    assert.is(at(json, 'version'), partner.version)
  }
  await hub.drain()
  for (const partner of [cpo, emsp]) heard(partner)
  return {
    hub,
    cpo,
    emsp,
    scene,
    cpoWords: wordsOf(of.cpo, scene),
    emspWords: wordsOf(of.emsp, scene),
    isSameVersion: of.cpo === of.emsp,
  }
}

/** Both leave, so that a later cast is alone. */
export async function dismiss({ hub, cpo, emsp }: Cast): Promise<void> {
  for (const partner of [cpo, emsp]) {
    heard(partner)
    const left = await partner.send('DELETE', 'credentials', { from: null })
    assert.is(left.code, 1000, left.text)
  }
  await hub.drain()
}

/** An object that its owner pushes and the other side gets. */
export type Telling = {
  from: FakePartner
  to: FakePartner
  module: 'locations' | 'tariffs' | 'tokens' | 'sessions'
  kind: Kind
  object: Json
}

/** As a partner might write it: bytes that nobody gets again who only parses and writes. */
export function spaced(object: Json): string {
  return JSON.stringify(object, null, 1)
}

/** PUTs an object and asserts that it arrives, by itself and in the list, and says the same; in one version the bytes. */
export async function tell({ hub, isSameVersion }: Cast, telling: Telling): Promise<void> {
  const { from, to, module, kind, object } = telling
  const raw = spaced(object)
  const path = pathOf(from.party, String(object['uid'] ?? object['id']))
  await asked(from, { method: 'PUT', target: `receiver/${module}/${path}`, raw })
  await hub.drain()
  const [pushed, ...others] = heardAt(to, `receiver/${module}`)
  assert.equal(others, [], 'once')
  assert.equal([pushed?.method, pushed?.rest.split('?')[0]], ['PUT', `/${path}`])
  assert.equal(said(kind, pushed?.json), said(kind, object))
  assertOwner(to, { owner: from.party, value: pushed?.json })
  if (isSameVersion) assert.is(pushed?.body, raw)
  const text = await assertListed(hub, telling)
  if (isSameVersion) assert.ok(text.includes(raw), text)
}

/** Asserts that the other side's list has the object once and says the same; returns the text of the list. */
export async function assertListed(hub: TestHub, telling: Telling): Promise<string> {
  const { from, to, module, kind, object } = telling
  const list = await pulled(to, { module, hub: hub.party, query: SINCE_EVER })
  const id = object['uid'] ?? object['id']
  const found = list.objects.filter((each) => (at(each, 'uid') ?? at(each, 'id')) === id)
  assert.equal(
    found.map((each) => said(kind, each)),
    [said(kind, object)],
  )
  assertOwner(to, { owner: from.party, value: found[0] })
  return list.text
}

/** From 2.2.1 on an object says whose it is. */
function assertOwner(to: FakePartner, { owner, value }: { owner: string; value: unknown }): void {
  const stated = [at(value, 'country_code'), at(value, 'party_id')]
  assert.equal(stated, to.version === '2.1.1' ? [undefined, undefined] : owner.split('-'))
}

/** PATCHes what was told before; `after` is the whole object then. Returns what the other side got. */
export async function amend(
  cast: Cast,
  change: Telling & { patch: Json; child?: string; after: Json },
): Promise<Got[]> {
  const { from, to, module, object, patch, child = '', after } = change
  const target = `receiver/${module}/${pathOf(from.party, String(object['id']))}${child}`
  await asked(from, { method: 'PATCH', target, body: patch })
  await cast.hub.drain()
  const got = heardAt(to, `receiver/${module}`)
  assert.ok(got.length > 0)
  await assertListed(cast.hub, { ...change, object: after })
  return got
}

/** The CPO asks whether the card may charge, and the eMSP answers in its words. */
export async function authorise({ cpo, emsp, scene, emspWords }: Cast): Promise<void> {
  const isOld = emsp.version === '2.1.1'
  const whole = { token: emspWords.token, authorization_reference: 'A1' }
  emsp.answer = ({ place }) =>
    place === 'sender/tokens'
      ? { data: { allowed: 'ALLOWED', ...(isOld ? {} : whole) } }
      : undefined
  const reply = await asked(cpo, {
    method: 'POST',
    target: `sender/tokens/${scene.card}/authorize`,
    body: { location_id: scene.location, evse_uids: [scene.evse] },
  })
  emsp.answer = () => undefined
  const [got, ...others] = heardAt(emsp, 'sender/tokens')
  assert.equal([others, got?.method], [[], 'POST'])
  assert.match(got?.rest ?? '', new RegExp(`^/${scene.card}/authorize`))
  assert.equal(got?.json, { location_id: scene.location, evse_uids: [scene.evse] })
  assert.is(at(reply.data, 'allowed'), 'ALLOWED')
  const isTold = cpo.version !== '2.1.1'
  assert.is(at(reply.data, 'authorization_reference'), isTold && !isOld ? 'A1' : undefined)
  if (isTold) assert.equal(said('token', at(reply.data, 'token')), said('token', emspWords.token))
  else assert.equal(reply.data, { allowed: 'ALLOWED' })
}

/** The eMSP sends a command, the CPO accepts it and tells the result later. Returns what the CPO got. */
export async function command(
  { cpo, emsp, isSameVersion }: Cast,
  { name, body }: { name: 'START_SESSION' | 'STOP_SESSION'; body: Json },
): Promise<Got> {
  const response_url = resultUrl(emsp, name)
  const raw = spaced({ response_url, ...body })
  const reply = await asked(emsp, { method: 'POST', target: `receiver/commands/${name}`, raw })
  assert.is(at(reply.data, 'result'), 'ACCEPTED')
  const [got, ...others] = heardAt(cpo, 'receiver/commands')
  assert.ok(got)
  assert.equal([others, got.rest], [[], `/${name}`])
  const minted = mintedIn(got)
  if (isSameVersion)
    assert.is(got.body, raw.replace(JSON.stringify(response_url), JSON.stringify(minted)))
  await asked(cpo, { method: 'POST', target: minted, body: { result: 'ACCEPTED' } })
  const results = heardAt(emsp, 'cb')
  assert.equal(
    results.map(({ rest, json }) => [rest, at(json, 'result')]),
    [[`/${name}`, 'ACCEPTED']],
  )
  return got
}

/** The session as an eMSP has it after these messages, which go on with `before`. */
export function copiedSession(emsp: FakePartner, got: readonly Got[], before: unknown): unknown {
  return got.reduce((copy: unknown, { method, json }) => {
    if (method === 'PUT') return json
    const periods = at(json, 'charging_periods')
    const appended =
      emsp.version === '2.1.1' || periods === undefined
        ? {}
        : { charging_periods: [...items(at(copy, 'charging_periods')), ...items(periods)] }
    return { ...Object(copy), ...Object(json), ...appended }
  }, before)
}

/** How the hub shows a CDR of the CPO. */
export async function shownCdr(cast: Pick<Cast, 'hub' | 'cpo'>, id: string): Promise<Json> {
  const { json } = await cast.hub.admin('GET', `/cdrs/${pathOf(cast.cpo.party, id)}`)
  const codes = items(at(json, 'findings')).map((finding) => at(finding, 'code'))
  return {
    state: at(json, 'state'),
    delivery: at(json, 'delivery'),
    net: at(json, 'net'),
    tax: at(json, 'tax'),
    codes,
  }
}

/** The CPO posts a CDR and the hub does what is to be done about it. */
export async function bill({ hub, cpo }: Cast, cdr: Json): Promise<Reply> {
  const reply = await cpo.send('POST', 'receiver/cdrs', { raw: spaced(cdr) })
  await hub.drain()
  return reply
}
