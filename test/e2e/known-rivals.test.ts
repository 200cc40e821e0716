// Which other CDRs are known to stand near one: of its card, its EVSE, its session and its meter.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { ocmfKeyOf, ocmfOf } from '../helpers/clearing-world-signed.ts'
import { startHub } from '../helpers/hub.ts'
import { knownOf } from '../helpers/known.ts'
import { storyOf } from '../helpers/cdr-story.ts'
import { cdrOf, creditOf, fromNow, put, sessionOf, tokenOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const HOUR_MS = 3_600_000
const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const rival = await hub.connect({ parties: [{ party: 'BE-CPX', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const { charge, cdr, post, prepare, shown } = storyOf(hub, cpo)

const test = suite('known: rivals')
test.after(() => hub.close())

/** Where a CDR was charged, as `place/evse/connector`. */
const placed = (where: string): Json => {
  const [id = '', evse_uid = '', connector_id = ''] = where.split('/')
  const location = Object(cdrOf({ owner: 'NL-TNM', payer: 'DE-EMA', id: 'X' })['cdr_location'])
  return {
    cdr_location: { ...location, id, evse_uid, evse_id: `NL*TNM*${evse_uid}`, connector_id },
  }
}
const between = (fromMs: number, toMs: number): Json => ({
  start_date_time: fromNow(fromMs),
  end_date_time: fromNow(toMs),
})
/** Posts a CDR of a session of its own. */
const charged = async (id: string, uid: string, more: Json): Promise<void> => {
  const reply = await post(cdr(charge(id, emsp, { uid }), more))
  assert.is(reply.code, 1000, reply.text)
}
const near = async (id: string) => {
  const { rivals } = await knownOf(hub, id)
  const ids = (list: readonly { cdrId: string }[] = []) => list.map(({ cdrId }) => cdrId).join(' ')
  const { similar, neighbours, sameConnector, before } = rivals ?? {}
  return [ids(similar), ids(neighbours), ids(sameConnector), before?.cdrId ?? '']
}

test('of the same card and EVSE at nearly the same time: the later CDR knows the earlier', async () => {
  const hour = between(-2 * HOUR_MS, -HOUR_MS)
  await charged('N1', 'U1', { ...placed('L1/EV1/1'), ...hour })
  const later = between(-2 * HOUR_MS + 100_000, -HOUR_MS)
  await charged('N2', 'U1', { ...placed('L1/EV1/1'), ...later })
  await charged('N3', 'U1', { ...placed('L1/EV2/1'), ...hour })
  await charged('N4', 'U1', { ...placed('L1/EV1/1'), ...between(-2 * HOUR_MS + 150_000, -HOUR_MS) })
  assert.equal(await near('N1'), ['', '', '', ''])
  assert.equal(await near('N2'), ['N1', '', '', ''])
  assert.equal(await near('N3'), ['', '', '', ''])
  assert.equal(await near('N4'), ['N2', '', '', ''])
  const { rivals } = await knownOf(hub, 'N2')
  const [first] = rivals?.similar ?? []
  assert.equal(
    [first?.owner, first?.sessionId, first?.kwh, first?.net, first?.currency, first?.channel],
    ['NL-TNM', 'S-N1', '10', '3', 'EUR', 'push'],
  )
})

test('over another owner: where the EVSE has the same public id', async () => {
  const hour = between(-2 * HOUR_MS, -HOUR_MS)
  await charged('N5', 'U2', { ...placed('L1/EV5/1'), ...hour })
  const twin = { owner: 'BE-CPX', payer: 'DE-EMA', uid: 'U2' }
  const other = { ...placed('X9/ZZ/1'), ...hour }
  const place = { ...Object(other['cdr_location']), evse_id: 'NL*TNM*EV5' }
  await rival.send('POST', 'receiver/cdrs', {
    body: cdrOf({ ...twin, id: 'N6' }, { ...other, cdr_location: place }),
  })
  await rival.send('POST', 'receiver/cdrs', {
    body: cdrOf({ ...twin, id: 'N7' }, { ...placed('X9/ZY/1'), ...hour }),
  })
  assert.equal((await near('N6'))[0], 'N5')
  assert.equal((await near('N7'))[0], '')
})

test('a session that goes on within a minute, and one that comes two minutes later', async () => {
  const one = placed('L1/EV3/1')
  await charged('N8', 'U3', { ...one, ...between(-3 * HOUR_MS, -2 * HOUR_MS) })
  await charged('N9', 'U3', { ...one, ...between(-2 * HOUR_MS + 30_000, -HOUR_MS) })
  await charged('N10', 'U3', { ...one, ...between(-HOUR_MS + 120_000, -60_000) })
  await charged('N11', 'U3', { ...placed('L1/EV4/1'), ...between(-30_000, -1_000) })
  assert.equal(await near('N9'), ['', 'N8', '', ''])
  assert.equal(await near('N10'), ['', '', '', ''])
  assert.equal(await near('N11'), ['', '', '', ''])
})

test('another card at the same connector at the same time, and not at the other connector', async () => {
  const hour = between(-2 * HOUR_MS, -HOUR_MS)
  await charged('N12', 'U4', { ...placed('L1/EV6/1'), ...hour })
  await charged('N13', 'U5', { ...placed('l1/ev6/1'), ...between(-1.5 * HOUR_MS, -HOUR_MS / 2) })
  await charged('N14', 'U6', { ...placed('L1/EV6/2'), ...hour })
  await charged('N15', 'U7', { ...placed('L1/EV6/1'), ...between(-HOUR_MS, -HOUR_MS / 2) })
  assert.equal(await near('N13'), ['', '', 'N12', ''])
  assert.equal(await near('N14'), ['', '', '', ''])
  assert.equal(await near('N15'), ['', '', 'N13', ''])
})

test('where the card was before; what came in late knows what came before it', async () => {
  const berlin = { latitude: '52.52', longitude: '13.405' }
  const there = placed('B1/EVB/1')
  const far = { cdr_location: { ...Object(there['cdr_location']), coordinates: berlin } }
  await charged('N16', 'U8', { ...placed('L1/EV7/1'), ...between(-4 * HOUR_MS, -3 * HOUR_MS) })
  await charged('N17', 'U8', { ...far, ...between(-2 * HOUR_MS, -HOUR_MS) })
  await charged('N18', 'U8', { ...placed('L1/EV7/1'), ...between(-6 * HOUR_MS, -5 * HOUR_MS) })
  const { rivals } = await knownOf(hub, 'N17')
  assert.is(rivals?.before?.cdrId, 'N16')
  assert.equal([rivals?.before?.latitude, rivals?.before?.longitude], ['52.08916', '5.10975'])
  assert.equal(await near('N18'), ['', '', '', ''])
})

test('a CDR that was credited stands near nobody, and what replaces it knows it', async () => {
  const one = charge('N19', emsp)
  await prepare(one, emsp)
  const first = cdr(one, placed('L1/EV8/1'))
  await post(first)
  await post(creditOf(first, 'N19-credit'))
  await hub.drain()
  assert.is((await shown('N19')).state, 'credited')
  await post({ ...first, id: 'N20' })
  const { replaced } = await knownOf(hub, 'N20')
  assert.equal(replaced, {
    cdrId: 'N19',
    currency: 'EUR',
    net: '3',
    gross: '3.6',
    isCredited: true,
    expectedNet: null,
    expectedTax: null,
    settled: [],
  })
  assert.equal(await near('N20'), ['', '', '', ''])
})

test('what stands at the same connector holds a CDR, and sets it free when it is credited', async () => {
  const [one, two] = [charge('N30', emsp), charge('N31', emsp)]
  const there = placed('L1/EV30/1')
  const session = { evse_uid: 'EV30', connector_id: '1' }
  const first = cdr(one, there)
  for (const each of [one, two]) {
    await put(emsp, 'tokens', tokenOf('DE-EMA', each.uid))
    await put(cpo, 'sessions', sessionOf({ ...each, id: `S-${each.id}` }, session))
    await post(each === one ? first : cdr(each, there))
  }
  await hub.drain()
  const stand = async () => {
    const second = await shown('N31')
    return [(await shown('N30')).state, second.state, second.codes.includes('Z4')]
  }
  assert.equal(await stand(), ['provisional', 'held', true])
  await post(creditOf(first, 'N30-credit'))
  await hub.drain()
  assert.equal(await stand(), ['credited', 'provisional', false])
})

test('the same CDR again is counted in one finding', async () => {
  const one = charge('N21', emsp)
  await prepare(one, emsp)
  const body = cdr(one, placed('L1/EV9/1'))
  const found = async () => {
    const { json } = await hub.admin('GET', '/cdrs/NL/TNM/N21')
    return items(at(json, 'findings')).filter((finding) => at(finding, 'code') === 'D1')
  }
  await post(body)
  await hub.drain()
  assert.equal(await found(), [])
  await post(body)
  const [once] = await found()
  assert.equal([at(once, 'severity'), at(once, 'actual')], ['I', '1'])
  assert.match(String(at(once, 'message')), 'came again once with the same content')
  await Promise.all([post(body), post(body), post(body)])
  await hub.drain()
  const [often, ...others] = await found()
  assert.equal([at(often, 'actual'), others], ['4', []])
  assert.match(String(at(often, 'message')), 'came again 4 times')
})

test('the registers of a meter and its key, of what was signed by it', async () => {
  const metered = async (id: string, more: { fromWh: number; hours: number; spoil?: boolean }) => {
    const one = charge(id, emsp)
    await put(emsp, 'tokens', tokenOf('DE-EMA', one.uid))
    const startMs = Date.parse(fromNow(more.hours * HOUR_MS))
    const times = between(more.hours * HOUR_MS, (more.hours + 1) * HOUR_MS)
    await put(cpo, 'sessions', sessionOf({ ...one, id: `S-${id}` }, times))
    const signed_data = ocmfOf({
      key: 'meter of NL-TNM',
      meter: 'M-1',
      startMs,
      endMs: startMs + HOUR_MS,
      startWh: more.fromWh,
      stopWh: more.fromWh + 10_000,
      token: one.uid,
      spoil: more.spoil ?? false,
    })
    const periods = items(cdr(one)['charging_periods']).map((period) => ({
      ...Object(period),
      start_date_time: times['start_date_time'],
    }))
    const own = { ...placed('L1/EV20/1'), ...times, charging_periods: periods, signed_data }
    await post(cdr(one, own))
    await hub.drain()
  }
  const { publicKey } = ocmfKeyOf('meter of NL-TNM')
  await metered('N22', { fromWh: 1_000_000, hours: -8 })
  const first = await knownOf(hub, 'N22')
  assert.equal(
    first.signed?.map(({ verdict, differenceKwh }) => [verdict, differenceKwh]),
    [['valid', '10']],
  )
  await metered('N23', { fromWh: 1_010_000, hours: -6, spoil: true })
  await metered('N24', { fromWh: 1_005_000, hours: -4 })
  const { meter } = await knownOf(hub, 'N24')
  assert.equal([meter?.previousStop?.kwh, meter?.previousStop?.cdrId], ['1010', 'N22'])
  assert.is(meter?.registeredKey?.toLowerCase(), publicKey)
  const rows = await hub.database.db.rows(sql`
    select c.cdr_id, m.meter_key, m.start_mwh, m.stop_mwh from meter_readings m
    join cdrs c on c.id = m.cdr_id where c.cdr_id in ('N22', 'N23')`)
  assert.equal(rows, [
    { cdr_id: 'N22', meter_key: 'm-1', start_mwh: 1_000_000_000n, stop_mwh: 1_010_000_000n },
  ])
})

test.run()
