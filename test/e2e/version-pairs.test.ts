// The whole story of a charge between a CPO and an eMSP, for each pair of versions: what arrives is valid there.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { VERSIONS } from '../../src/ocpi/version.ts'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { creditOf, pathOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'
import {
  amend,
  authorise,
  bill,
  castOf,
  command,
  copiedSession,
  dismiss,
  shownCdr,
  spaced,
  tell,
} from '../helpers/version-story.ts'
import type { Cast } from '../helpers/version-story.ts'
import { asked, heard, heardAt, pulled } from '../helpers/version-story-watch.ts'
import { costIn, said } from '../helpers/version-story-words.ts'

const hub = await startHub()
const test = suite('pairs of versions')
test.after(async () => {
  const { json } = await hub.admin('POST', '/ledger/verify', {})
  assert.is(at(json, 'ok'), true, JSON.stringify(json))
  await hub.close()
})

for (const [cpoAt, cpo] of VERSIONS.entries())
  for (const [emspAt, emsp] of VERSIONS.entries())
    test(`a CPO of ${cpo} and an eMSP of ${emsp}`, async () => {
      const cast = await castOf(hub, { cpo, emsp, tag: `${cpoAt + 1}${emspAt + 1}` })
      await beforeCharging(cast)
      await whileCharging(cast)
      await afterCharging(cast)
      await credited(cast)
      await withdrawn(cast)
      await dismiss(cast)
    })

async function beforeCharging(cast: Cast): Promise<void> {
  const { cpo, emsp, scene, cpoWords, emspWords } = cast
  const ways = { from: cpo, to: emsp }
  const tariff = { ...ways, module: 'tariffs', kind: 'tariff', object: cpoWords.tariff } as const
  await tell(cast, tariff)
  if (cpo.version === '2.1.1') {
    const patch = { tariff_alt_url: 'https://cpo.example/t', last_updated: scene.changed }
    await amend(cast, { ...tariff, patch, after: { ...cpoWords.tariff, ...patch } })
  }
  const location = {
    ...ways,
    module: 'locations',
    kind: 'location',
    object: cpoWords.location,
  } as const
  await tell(cast, location)
  const patch = { status: 'CHARGING', last_updated: scene.changed }
  const evses = items(cpoWords.location['evses']).map((evse) => ({ ...Object(evse), ...patch }))
  const got = await amend(cast, {
    ...location,
    patch,
    child: `/${scene.evse}`,
    // A change of an EVSE is one of its Location.
    after: { ...cpoWords.location, evses, last_updated: scene.changed },
  })
  const told = got.at(-1)?.json
  assert.is(at(told, 'status') ?? at(told, 'evses', 0, 'status'), 'CHARGING')
  await tell(cast, {
    from: emsp,
    to: cpo,
    module: 'tokens',
    kind: 'token',
    object: emspWords.token,
  })
  await authorise(cast)
}

async function whileCharging(cast: Cast): Promise<void> {
  const { cpo, emsp, scene, cpoWords, emspWords } = cast
  const place = { location_id: scene.location, evse_uid: scene.evse }
  const start = await command(cast, {
    name: 'START_SESSION',
    body: { token: emspWords.token, ...place },
  })
  assert.equal([at(start.json, 'location_id'), at(start.json, 'evse_uid')], Object.values(place))
  assert.equal(said('token', at(start.json, 'token')), said('token', emspWords.token))

  const session = {
    from: cpo,
    to: emsp,
    module: 'sessions',
    kind: 'session',
    object: cpoWords.session,
  } as const
  await tell(cast, session)
  const after = cpoWords.sessionGoingOn
  const listed = await pulled(emsp, {
    module: 'sessions',
    hub: hub.party,
    query: { date_from: scene.start },
  })
  const before = listed.objects.find((each) => at(each, 'id') === scene.session)
  const got = await amend(cast, { ...session, patch: cpoWords.sessionPatch, after })
  assert.equal(said('session', copiedSession(emsp, got, before)), said('session', after))
  if (cast.isSameVersion)
    assert.equal(
      got.map(({ method, body }) => [method, body]),
      [['PATCH', JSON.stringify(cpoWords.sessionPatch)]],
    )

  const stop = await command(cast, {
    name: 'STOP_SESSION',
    body: { session_id: scene.session },
  })
  assert.is(at(stop.json, 'session_id'), scene.session)
  await tell(cast, { ...session, object: cpoWords.sessionDone })
}

async function afterCharging(cast: Cast): Promise<void> {
  const { cpo, emsp, scene, cpoWords, isSameVersion } = cast
  if (isSameVersion) await agree(cast, { contest_days: 0 })
  const reply = await bill(cast, cpoWords.cdr)
  assert.equal([reply.status, reply.code], [201, 1000], reply.text)
  const { state, delivery, net, codes } = await shownCdr(cast, scene.cdr)
  const due = isSameVersion ? 'approved' : 'provisional'
  assert.equal([state, delivery, net], [due, 'delivered', '3.00'], String(codes))

  const [delivered, ...others] = heardAt(emsp, 'receiver/cdrs')
  assert.equal([others, delivered?.method], [[], 'POST'])
  assert.equal(said('cdr', delivered?.json), said('cdr', cpoWords.cdr))
  const list = await pulled(emsp, { module: 'cdrs', hub: hub.party })
  const found = list.objects.filter((each) => at(each, 'id') === scene.cdr)
  assert.equal(
    found.map((each) => said('cdr', each)),
    [said('cdr', cpoWords.cdr)],
  )
  const raw = spaced(cpoWords.cdr)
  if (isSameVersion) assert.is(delivered?.body, raw)
  if (isSameVersion) assert.ok(list.text.includes(raw))
  const own = await cpo.send('GET', String(reply.headers.location), { to: hub.party })
  assert.ok(own.text.includes(raw), own.text)
}

async function agree({ cpo, emsp }: Cast, terms: Json): Promise<void> {
  const agreed = await hub.admin('PUT', `/agreements/${cpo.party}/${emsp.party}`, terms)
  assert.ok(agreed.status < 300, agreed.text)
}

/** A credit CDR takes it all back, where both versions know one. */
async function credited(cast: Cast): Promise<void> {
  const { cpo, emsp, scene, cpoWords } = cast
  const id = `${scene.cdr}-credit`
  const credit = {
    ...creditOf(cpoWords.cdr, id),
    total_cost: costIn(cpo.version, -3),
    last_updated: scene.end,
  }
  const reply = await bill(cast, credit)
  if (cpo.version === '2.1.1') {
    assert.is(reply.code, 2001, reply.text)
    assert.match(reply.message, '/credit')
    assert.equal(heard(emsp), [])
    return
  }
  assert.is(reply.code, 1000, reply.text)
  const original = await shownCdr(cast, scene.cdr)
  assert.is(original['state'], 'credited', JSON.stringify(original))
  const got = heardAt(emsp, 'receiver/cdrs')
  if (emsp.version !== '2.1.1') {
    assert.equal(at(got[0]?.json, 'total_cost'), costIn(emsp.version, -3))
    assert.is(at(got[0]?.json, 'credit_reference_id'), scene.cdr)
    assert.equal(said('cdr', got[0]?.json), said('cdr', credit))
    if (cast.isSameVersion) assert.is(got[0]?.body, spaced(credit))
    return
  }
  assert.equal(got, [])
  assert.is((await shownCdr(cast, id))['delivery'], 'withheld')
  const alerts = await hub.admin('GET', '/alerts?state=open&code=credit_not_expressible&limit=100')
  const subjects = items(at(alerts.json, 'items')).map((alert) => at(alert, 'subject'))
  assert.ok(subjects.includes(`${cpo.party}/${id.toLowerCase()}`), alerts.text)
  const list = await pulled(emsp, { module: 'cdrs', hub: hub.party })
  assert.ok(!list.text.includes(id), 'nor in the list')
}

/** The tariff is taken back. */
async function withdrawn({ cpo, emsp, scene }: Cast): Promise<void> {
  const path = pathOf(cpo.party, scene.tariff)
  await asked(cpo, { method: 'DELETE', target: `receiver/tariffs/${path}` })
  await hub.drain()
  assert.equal(
    heardAt(emsp, 'receiver/tariffs').map(({ method, rest }) => [method, rest]),
    [['DELETE', `/${path}`]],
  )
  const list = await pulled(emsp, { module: 'tariffs', hub: hub.party })
  assert.ok(!list.text.includes(scene.tariff))
}

test.run()
