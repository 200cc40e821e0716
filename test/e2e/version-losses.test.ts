// What one version says and another cannot: it is changed, left out or withheld by rule, and everybody can see it.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Version } from '../../src/ocpi/version.ts'
import { at, items } from '../helpers/ask.ts'
import { mintedIn, resultUrl } from '../helpers/command-story.ts'
import type { FakePartner } from '../helpers/fake-partner.ts'
import { startHub } from '../helpers/hub.ts'
import { creditOf, put, tariffOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import { bill, castOf, shownCdr, spaced } from '../helpers/version-story.ts'
import type { Cast } from '../helpers/version-story.ts'
import { asked, heard, heardAt, pulled } from '../helpers/version-story-watch.ts'
import { costIn, said, sceneOf, wordsOf } from '../helpers/version-story-words.ts'
import type { Scene } from '../helpers/version-story-words.ts'

const hub = await startHub()
const old = await castOf(hub, { cpo: '2.1.1', emsp: '2.1.1', tag: 'OL' })
const middle = await castOf(hub, { cpo: '2.2.1', emsp: '2.2.1', tag: 'MI' })
const latest = await castOf(hub, { cpo: '2.3.0', emsp: '2.3.0', tag: 'LA' })
const casts = [old, middle, latest]
const cpos = casts.map(({ cpo }) => cpo)
const emsps = casts.map(({ emsp }) => emsp)

const test = suite('what a version cannot say')
test.before.each(async () => {
  await hub.drain()
  for (const partner of [...cpos, ...emsps]) heard(partner)
})
test.after(async () => {
  const { json } = await hub.admin('POST', '/ledger/verify', {})
  assert.is(at(json, 'ok'), true, JSON.stringify(json))
  await hub.close()
})

const PRICE = ['elements', 0, 'price_components', 0] as const
const lastPut = (partner: FakePartner, module: string) =>
  heardAt(partner, `receiver/${module}`).findLast(({ method }) => method === 'PUT')

/** Pointers of what was lost of an object on its way to a partner, and whether it was withheld. */
async function noted(to: FakePartner, { module, id }: { module: string; id: string }) {
  const reply = await hub.admin('GET', `/conversions?platform=${to.id}&module=${module}&limit=500`)
  const found = items(at(reply.json, 'items')).find((each) => at(each, 'key') === id.toLowerCase())
  return {
    withheld: at(found, 'withheld'),
    pointers: items(at(found, 'losses')).map((loss) => at(loss, 'pointer')),
  }
}

test('prices with tax in them reach older versions without it, and the loss is told', async () => {
  const elements = [{ price_components: [{ type: 'ENERGY', price: 0.3, vat: 20, step_size: 1 }] }]
  const tariff = tariffOf(latest.cpo.party, 'TAXED', { elements, tax_included: 'YES' })
  assert.is((await put(latest.cpo, 'tariffs', tariff)).code, 1000)
  await hub.drain()
  assert.equal(lastPut(latest.emsp, 'tariffs')?.json, tariff)
  const middleGot = lastPut(middle.emsp, 'tariffs')?.json
  assert.equal(at(middleGot, ...PRICE), { type: 'ENERGY', price: 0.25, vat: 20, step_size: 1 })
  const oldGot = lastPut(old.emsp, 'tariffs')?.json
  assert.equal(at(oldGot, ...PRICE), { type: 'ENERGY', price: 0.25, step_size: 1 })
  const price = `/${PRICE.join('/')}/price`
  for (const { emsp } of [old, middle]) {
    const { withheld, pointers } = await noted(emsp, { module: 'tariffs', id: 'TAXED' })
    assert.is(withheld, false)
    for (const pointer of ['/tax_included', price]) assert.ok(pointers.includes(pointer))
  }
  assert.equal(await noted(latest.emsp, { module: 'tariffs', id: 'TAXED' }), {
    withheld: undefined,
    pointers: [],
  })
  for (const { emsp } of [old, middle]) {
    const told = await put(latest.cpo, 'tariffs', tariff, { to: emsp.party })
    assert.is(told.code, 1000, told.text)
    assert.match(told.message, '/tax_included')
    assert.match(told.message, ' more)')
  }
})

test('an element for reservations is left out for 2.1.1; a tariff of nothing else is withheld', async () => {
  const free = { price_components: [{ type: 'ENERGY', price: 0.3, step_size: 1 }] }
  const reserved = {
    price_components: [{ type: 'TIME', price: 2, step_size: 60 }],
    restrictions: { reservation: 'RESERVATION' },
  }
  for (const [id, elements] of [
    ['MIXED', [reserved, free]],
    ['RESERVED', [reserved]],
  ] as const) {
    const { cpo } = middle
    assert.is((await put(cpo, 'tariffs', tariffOf(cpo.party, id, { elements }))).code, 1000)
  }
  await hub.drain()
  const got = heardAt(old.emsp, 'receiver/tariffs')
  assert.equal(
    got.map(({ json }) => [at(json, 'id'), at(json, 'elements')]),
    [['MIXED', [free]]],
  )
  assert.equal(
    heardAt(latest.emsp, 'receiver/tariffs').map(({ json }) => items(at(json, 'elements')).length),
    [2, 1],
  )
  const list = await pulled(old.emsp, { module: 'tariffs', hub: hub.party })
  assert.ok(!list.text.includes('RESERVED'))
  const mixed = await noted(old.emsp, { module: 'tariffs', id: 'MIXED' })
  assert.is(mixed.withheld, false)
  assert.ok(mixed.pointers.includes('/elements/0'))
  const withheld = await noted(old.emsp, { module: 'tariffs', id: 'RESERVED' })
  assert.equal([withheld.withheld, withheld.pointers[0]], [true, '/elements'])
  const alerts = await hub.admin('GET', '/alerts?state=open&code=objects_withheld')
  assert.match(alerts.text, `${old.emsp.id}/tariffs`)
})

test('a location that is not for everyone never reaches 2.1.1', async () => {
  for (const { cpo, cpoWords } of [middle, latest]) {
    const hidden = { ...cpoWords.location, id: `HIDDEN-${cpo.version}`, publish: false }
    assert.is((await put(cpo, 'locations', hidden)).code, 1000)
    const refused = await put(cpo, 'locations', hidden, { to: old.emsp.party })
    assert.is(refused.code, 4000)
    assert.match(refused.message, '/publish')
  }
  await hub.drain()
  assert.equal(heardAt(old.emsp, 'receiver/locations'), [])
  assert.is(heardAt(latest.emsp, 'receiver/locations').length, 2)
  const list = await pulled(old.emsp, { module: 'locations', hub: hub.party })
  assert.ok(!list.text.includes('HIDDEN'))
  const noticed = await noted(old.emsp, { module: 'locations', id: 'HIDDEN-2.3.0' })
  assert.equal([noticed.withheld, noticed.pointers[0]], [true, '/publish'])
})

test('locations of one id have names for 2.1.1 that stay and lead to the right CPO', async () => {
  const emsp = old.emsp
  const scenes = casts.map(({ cpo }) => twins(cpo.party))
  for (const [index, { cpo }] of casts.entries()) {
    const { tariff, location } = wordsOf(cpo.version, scenes[index] ?? old.scene)
    await put(cpo, 'tariffs', tariff)
    await put(cpo, 'locations', location)
  }
  await hub.drain()
  const names = [
    'TWIN',
    `NL*${middle.cpo.party.slice(3)}*TWIN`,
    `NL*${latest.cpo.party.slice(3)}*TWIN`,
  ]
  const pushed = heardAt(emsp, 'receiver/locations')
  assert.equal(
    pushed.map(({ rest, json }) => [rest.split('/').at(-1), at(json, 'id')]),
    names.map((name) => [name, name]),
  )
  for (let again = 0; again < 2; again += 1) {
    const list = await pulled(emsp, { module: 'locations', hub: hub.party })
    const ids = list.objects.map((each) => String(at(each, 'id')))
    assert.equal(
      ids.filter((id) => id.endsWith('TWIN')),
      names,
    )
    const tariffs = list.objects
      .filter((each) => String(at(each, 'id')).endsWith('TWIN'))
      .map((each) => at(each, 'evses', 0, 'connectors', 0, 'tariff_id'))
    assert.equal(
      tariffs,
      names.map((name) => name.replace('TWIN', 'TWIN-T')),
    )
    await put(middle.cpo, 'locations', {
      ...wordsOf('2.2.1', scenes[1] ?? old.scene).location,
      name: 'Other',
      last_updated: old.scene.changed,
    })
    await hub.drain()
  }
  for (const [index, { cpo }] of casts.entries()) {
    const response_url = resultUrl(emsp, `twin${index}`)
    const body = { response_url, token: old.emspWords.token, location_id: names[index] }
    await asked(emsp, { method: 'POST', target: 'receiver/commands/START_SESSION', body })
    const [got] = heardAt(cpo, 'receiver/commands')
    assert.is(at(got?.json, 'location_id'), 'TWIN', cpo.party)
    await asked(cpo, { method: 'POST', target: mintedIn(got), body: { result: 'ACCEPTED' } })
    assert.is(heardAt(emsp, 'cb').at(-1)?.rest, `/twin${index}`)
  }
})

/** A scene whose location and tariff have the same ids at every CPO. */
function twins(cpo: string): Scene {
  const scene = sceneOf({ cpo, emsp: old.emsp.party }, 'TW')
  return { ...scene, location: 'TWIN', tariff: 'TWIN-T' }
}

test('a session and a CDR at such a location name it, and stopping it finds its CPO', async () => {
  const emsp = old.emsp
  const scene: Scene = { ...twins(latest.cpo.party), card: 'TWINCARD' }
  const words = wordsOf('2.3.0', scene)
  assert.is((await put(emsp, 'tokens', wordsOf('2.1.1', scene).token)).code, 1000)
  assert.is((await put(latest.cpo, 'sessions', words.session)).code, 1000)
  const alias = `NL*${latest.cpo.party.slice(3)}*TWIN`
  const [session] = heardAt(emsp, 'receiver/sessions')
  assert.is(at(session?.json, 'location', 'id'), alias)
  const body = { response_url: resultUrl(emsp, 'stop'), session_id: at(session?.json, 'id') }
  await asked(emsp, { method: 'POST', target: 'receiver/commands/STOP_SESSION', body })
  const [stop] = heardAt(latest.cpo, 'receiver/commands')
  assert.is(at(stop?.json, 'session_id'), scene.session)
  await put(latest.cpo, 'sessions', words.sessionDone)
  const reply = await bill(latest, words.cdr)
  assert.is(reply.code, 1000, reply.text)
  const cdr = heardAt(emsp, 'receiver/cdrs')[0]?.json
  assert.equal(
    [at(cdr, 'location', 'id'), at(cdr, 'tariffs', 0, 'id'), at(cdr, 'total_cost')],
    [alias, `${alias}-T`, 3],
  )
})

/** A charge of a CPO at an eMSP that has a card of its own: told, billed; returns what the eMSP got. */
async function charged(cast: Cast, emsp: FakePartner, tag: string) {
  const { cpo } = cast
  const scene = sceneOf({ cpo: cpo.party, emsp: emsp.party }, tag)
  const words = wordsOf(cpo.version, scene)
  await put(emsp, 'tokens', wordsOf(emsp.version, scene).token)
  await put(cpo, 'locations', words.location)
  const session = await put(cpo, 'sessions', words.sessionDone)
  assert.is(session.code, 1000, session.text)
  const reply = await bill(cast, words.cdr)
  assert.is(reply.code, 1000, reply.text)
  const [got] = heardAt(emsp, 'receiver/cdrs')
  return { scene, words, got }
}

/** What is booked between a CPO and an eMSP before it is approved. */
async function provisional(scene: Scene): Promise<unknown> {
  const { json } = await hub.admin('GET', '/ledger/accounts?limit=500')
  const code = `obl:${scene.emsp}>${scene.cpo}:prov`
  return at(
    items(at(json, 'items')).find((each) => at(each, 'code') === code),
    'debits_pending',
  )
}

test('a CDR of each version is priced and booked for the same net amount', async () => {
  const taxOf = { '2.1.1': '0.00', '2.2.1': '0.60', '2.3.0': '0.60' } as const
  for (const [index, cast] of casts.entries()) {
    const { version } = cast.cpo
    const { scene, words, got } = await charged(cast, middle.emsp, `N${index}`)
    const shown = await shownCdr(cast, scene.cdr)
    assert.equal(
      [shown['state'], shown['net'], shown['tax']],
      ['provisional', '3.00', taxOf[version]],
      JSON.stringify(shown),
    )
    assert.equal(said('cdr', got?.json), said('cdr', words.cdr))
    // 2.1.1 has no tax to book.
    assert.is(await provisional(scene), version === '2.1.1' ? '3.00' : '3.60')
  }
})

test('where it is agreed, 2.1.1 gets a credit as a negative CDR with a remark', async () => {
  const terms = { credit_to_211: true }
  const { cpo } = latest
  await hub.admin('PUT', `/agreements/${cpo.party}/${old.emsp.party}`, terms)
  const { scene, words } = await charged(latest, old.emsp, 'GT')
  await bill(latest, creditFrom(words.cdr, { id: 'GT-credit', version: '2.3.0', scene }))
  assert.is((await shownCdr(latest, scene.cdr))['state'], 'credited')
  assert.is((await shownCdr(latest, 'GT-credit'))['delivery'], 'delivered')
  const got = old.emsp.got.splice(0).find(({ place }) => place === 'receiver/cdrs')?.json
  assert.equal(
    [at(got, 'id'), at(got, 'total_cost'), at(got, 'remark'), at(got, 'auth_id')],
    ['GT-credit', -3, `Credit for CDR ${scene.cdr}`, at(words.cdr, 'cdr_token', 'contract_id')],
  )
  const { withheld, pointers } = await noted(old.emsp, { module: 'cdrs', id: 'GT-credit' })
  assert.is(withheld, false)
  assert.ok(pointers.includes('/credit'))
})

test('where it is agreed, a negative CDR of 2.1.1 is a credit for others', async () => {
  for (const [index, emsp] of [middle.emsp, latest.emsp].entries()) {
    const { scene, words } = await charged(old, emsp, `GF${index}`)
    const id = `GF${index}-credit`
    const credit = creditFrom(words.cdr, { id, version: '2.1.1', scene })
    assert.is((await bill(old, credit)).code, 2001, 'not agreed')
    const terms = { credit_from_211: true }
    await hub.admin('PUT', `/agreements/${old.cpo.party}/${emsp.party}`, terms)
    const taken = await bill(old, credit)
    assert.is(taken.code, 1000, taken.text)
    assert.is((await shownCdr(old, scene.cdr))['state'], 'credited')
    const [got] = heardAt(emsp, 'receiver/cdrs')
    const net = emsp.version === '2.2.1' ? { excl_vat: -3 } : { before_taxes: -3 }
    assert.equal(at(got?.json, 'total_cost'), net)
    assert.equal(
      [at(got?.json, 'credit'), at(got?.json, 'credit_reference_id'), at(got?.json, 'party_id')],
      [true, scene.cdr, 'COL'],
    )
    const own = await old.cpo.send('GET', String(taken.headers.location))
    assert.ok(own.text.includes(spaced(credit)), 'its own bytes')
  }
})

function creditFrom(cdr: Json, of: { id: string; version: Version; scene: Scene }): Json {
  return {
    ...creditOf(cdr, of.id),
    total_cost: costIn(of.version, -3),
    last_updated: of.scene.changed,
  }
}

test.run()
