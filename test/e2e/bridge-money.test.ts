// Where money of two versions meets: which session, which CDR is credited, which tariff prices.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sql } from '../../src/db/sql.ts'
import { at, items } from '../helpers/ask.ts'
import { startHub } from '../helpers/hub.ts'
import { cdrOf, creditOf, fromNow, locationOf, put, tariffOf, tokenOf } from '../helpers/objects.ts'
import { cdr211, secondsFromNow, session211, token211 } from '../helpers/objects-211.ts'
import { keysOf } from '../helpers/offers.ts'

const hub = await startHub()
const old = await hub.connect({ parties: [{ party: 'NL-OLD', role: 'CPO' }], version: '2.1.1' })
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const other = await hub.connect({ parties: [{ party: 'BE-OTH', role: 'CPO' }] })
const oldEmsp = await hub.connect({
  parties: [{ party: 'FR-OLE', role: 'EMSP' }],
  version: '2.1.1',
})
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
await put(emsp, 'tokens', tokenOf('DE-EMA', 'K1'))
await oldEmsp.send('PUT', 'receiver/tokens/FR/OLE/K2', { body: token211('K2') })

const test = suite('money between versions')
test.before.each(async () => {
  await hub.drain()
  for (const partner of [oldEmsp, emsp]) partner.forget()
})
test.after(() => hub.close())

const contract = 'DE-EMA-CK1'
const start = (hours: number) => secondsFromNow(-hours * 3_600_000)
const putSession = (id: string, more: Record<string, unknown>) =>
  old.send('PUT', `receiver/sessions/NL/OLD/${id}`, { body: session211({ id, contract }, more) })
const postOld = (id: string, more: Record<string, unknown> = {}) =>
  old.send('POST', 'receiver/cdrs', { body: cdr211({ id, contract }, more) })
const sessionKeyOf = async (id: string) => {
  const [row] = await hub.database.db.rows<{ session_key: string | null }>(sql`
    select session_key from cdrs where cdr_id = ${id}`)
  return row?.session_key ?? null
}
const stand = async (party: string, id: string) => {
  const { json } = await hub.admin('GET', `/cdrs/${party.replace('-', '/')}/${id}`)
  const codes = items(at(json, 'findings')).map((each) => String(at(each, 'code')))
  return [at(json, 'state'), ...codes.filter((code) => code !== 'A7')].join(' ')
}

test('a CDR of 2.1.1 is that of the one session with its card, start and EVSE', async () => {
  const times = { start_datetime: start(9), end_datetime: start(8) }
  await putSession('S1', { ...times, kwh: 12 })
  await putSession('S2', { start_datetime: start(7), end_datetime: start(6) })
  const when = {
    start_date_time: times.start_datetime,
    stop_date_time: times.end_datetime,
    charging_periods: [
      {
        start_date_time: times.start_datetime,
        dimensions: [
          { type: 'ENERGY', volume: 10 },
          { type: 'TIME', volume: 1 },
        ],
      },
    ],
  }
  assert.is((await postOld('C1', when)).code, 1000)
  await hub.drain()
  assert.is(await sessionKeyOf('C1'), 's1')
  assert.is(await stand('NL-OLD', 'C1'), 'provisional Q1', 'its energy is compared: it claims less')
  const stored = await hub.database.db.rows<{ value: unknown }>(
    sql`select value from cdrs where cdr_id = 'C1'`,
  )
  assert.is(at(stored[0]?.value, 'session_id'), undefined)
})

test('a second CDR of that session is held, and none is matched where two sessions fit', async () => {
  const both = { start_datetime: start(5), end_datetime: start(4) }
  const when = {
    start_date_time: both.start_datetime,
    stop_date_time: both.end_datetime,
    charging_periods: [
      {
        start_date_time: both.start_datetime,
        dimensions: [
          { type: 'ENERGY', volume: 10 },
          { type: 'TIME', volume: 1 },
        ],
      },
    ],
  }
  await putSession('S3', both)
  assert.is((await postOld('C3', when)).code, 1000)
  assert.is((await postOld('C4', when)).code, 1000)
  await hub.drain()
  assert.equal([await sessionKeyOf('C3'), await sessionKeyOf('C4')], ['s3', 's3'])
  assert.is(await stand('NL-OLD', 'C3'), 'provisional')
  assert.match(await stand('NL-OLD', 'C4'), /^held D2/)
  await putSession('S4', both)
  assert.is((await postOld('C5', when)).code, 1000)
  assert.is(await sessionKeyOf('C5'), null)
})

/** Ten kWh in the hour that began so many hours ago, and what is wrong with the clock. */
const hourOf = (hours: number, offMs = 0) => {
  const [from, to] = [hours * 3_600_000 - offMs, (hours - 1) * 3_600_000 - offMs]
  const dimensions = [
    { type: 'ENERGY', volume: 10 },
    { type: 'TIME', volume: 1 },
  ]
  const start_date_time = secondsFromNow(-from)
  const charging_periods = [{ start_date_time, dimensions }]
  return { start_date_time, stop_date_time: secondsFromNow(-to), charging_periods }
}

test('a clock that is off by seconds or a time zone finds the session all the same', async () => {
  const near = { start_datetime: start(50), end_datetime: start(49) }
  await putSession('S50', { ...near, kwh: 8 })
  await postOld('C50', hourOf(50, 3_000))
  await putSession('S45', { start_datetime: start(45), end_datetime: start(44) })
  await postOld('C45', hourOf(45, 7_200_000))
  await hub.drain()
  assert.equal([await sessionKeyOf('C50'), await sessionKeyOf('C45')], ['s50', 's45'])
  assert.match(await stand('NL-OLD', 'C50'), /^held .*Q1/)
  assert.match(await stand('NL-OLD', 'C45'), /Z1/)
  // Billed already, of other energy, or gone on to the next: another session, which nobody has told of.
  await postOld('C46', hourOf(45, 14_400_000))
  await putSession('S70', { start_datetime: start(70), end_datetime: start(69), kwh: 5 })
  await postOld('C70', hourOf(70, 3_600_000))
  const short = {
    start_datetime: secondsFromNow(-90 * 3_600_000 + 600_000),
    end_datetime: start(89),
  }
  await putSession('S90', short)
  const tenMinutes = { ...hourOf(90), stop_date_time: secondsFromNow(-90 * 3_600_000 + 300_000) }
  await postOld('C90', tenMinutes)
  for (const id of ['C46', 'C70', 'C90']) assert.is(await sessionKeyOf(id), null, id)
})

test('a CDR of 2.1.1 that came before its token waits for it', async () => {
  const cdr = cdr211({ id: 'LATE', contract: 'DE-EMA-CLATE' })
  assert.is((await old.send('POST', 'receiver/cdrs', { body: cdr })).code, 1000)
  await hub.drain()
  assert.is(await stand('NL-OLD', 'LATE'), 'unmatched')
  await put(emsp, 'tokens', tokenOf('DE-EMA', 'LATE'))
  await hub.drain()
  assert.match(await stand('NL-OLD', 'LATE'), /^provisional/)
  assert.is(emsp.received('receiver/cdrs').length, 1)
})

test('a credit in 2.1.1 names the CDR that it takes back as the receiver knows it', async () => {
  await hub.admin('PUT', '/agreements/NL-TNM/FR-OLE', { credit_to_211: true })
  const cdr_token = {
    country_code: 'FR',
    party_id: 'OLE',
    uid: 'K2',
    type: 'RFID',
    contract_id: 'CONTRACT-K2',
  }
  await put(cpo, 'locations', locationOf('NL-TNM', 'L1'), { to: hub.party })
  for (const [partner, hours] of [
    [other, 30],
    [cpo, 20],
  ] as const) {
    const charge = { owner: partner.party, payer: 'FR-OLE', id: 'SAME', uid: 'K2' }
    const time = { start_date_time: start(hours), end_date_time: start(hours - 1) }
    const { session_id: _, ...cdr } = cdrOf(charge, { cdr_token, ...time })
    const periods = items(cdr['charging_periods']).map((each) => ({
      ...Object(each),
      start_date_time: time.start_date_time,
    }))
    const whole = { ...cdr, charging_periods: periods }
    assert.is((await partner.send('POST', 'receiver/cdrs', { body: whole })).code, 1000)
    if (partner === cpo)
      await cpo.send('POST', 'receiver/cdrs', { body: creditOf(whole, 'SAME-C') })
    await hub.drain()
  }
  assert.equal(
    oldEmsp.received('receiver/cdrs').map(({ json }) => [at(json, 'id'), at(json, 'remark')]),
    [
      ['SAME', undefined],
      ['NL*TNM*SAME', undefined],
      ['SAME-C', 'Credit for CDR NL*TNM*SAME'],
    ],
  )
})

test('between two of 2.1.1 a credit needs to be agreed on by its receiver too', async () => {
  await hub.admin('PUT', '/agreements/NL-OLD/FR-OLE', { credit_from_211: true })
  const cdr = cdr211({ id: 'O1', contract: 'CONTRACT-K2' })
  assert.is((await old.send('POST', 'receiver/cdrs', { body: cdr })).code, 1000)
  const credit = { ...cdr, id: 'O1-C', credit: true, credit_reference_id: 'O1', total_cost: -3 }
  assert.is((await old.send('POST', 'receiver/cdrs', { body: credit })).code, 1000)
  await hub.drain()
  assert.equal(
    oldEmsp.received('receiver/cdrs').map(({ json }) => at(json, 'id')),
    ['O1'],
  )
  assert.is(await stand('NL-OLD', 'O1-C'), 'credited')
  assert.match((await hub.admin('GET', '/alerts?state=open')).text, 'NL-OLD/o1-c')
})

test('an id that reads as a name of somebody else’s object gets a name of its own', async () => {
  await put(other, 'tariffs', tariffOf('BE-OTH', 'T9'), { to: hub.party })
  await put(cpo, 'tariffs', tariffOf('NL-TNM', 'T9'), { to: hub.party })
  await put(other, 'tariffs', tariffOf('BE-OTH', 'NL*TNM*T9', { price: 9 }), { to: hub.party })
  const list = await oldEmsp.send('GET', 'sender/tariffs')
  assert.equal(
    items(list.data)
      .map((each) => String(at(each, 'id')))
      .filter((id) => id.endsWith('T9'))
      .sort(),
    ['BE*OTH*NL*TNM*T9', 'NL*TNM*T9', 'T9'],
  )
  const mine = items(list.data).find((each) => at(each, 'id') === 'NL*TNM*T9')
  assert.is(at(mine, 'elements', 0, 'price_components', 0, 'price'), 0.3)
})

test('a tariff that would lose by the version its owner moved to must be put anew', async () => {
  const mover = await hub.connect({ parties: [{ party: 'NL-MOV', role: 'CPO' }], version: '2.3.0' })
  const gross = tariffOf('NL-MOV', 'T1', {
    tax_included: 'YES',
    elements: [{ price_components: [{ type: 'ENERGY', price: 0.35, vat: 21, step_size: 1 }] }],
  })
  assert.is((await put(mover, 'tariffs', gross, { to: hub.party })).code, 1000)
  mover.speak('2.1.1')
  assert.is((await mover.join('PUT')).code, 1000)
  const body = { currency: 'CHF', last_updated: secondsFromNow(0) }
  const path = 'receiver/tariffs/NL/MOV/T1'
  const patched = await mover.send('PATCH', path, { body })
  assert.is(patched.code, 2001, patched.text)
  const [row] = await hub.database.db.rows<{ original: string }>(sql`
    select original from objects where module = 'tariffs' and owner = 'NL-MOV'`)
  assert.is(row?.original, JSON.stringify(gross))
  assert.ok((await keysOf(hub, 'tariffs')).includes('NL-MOV/t1'), fromNow(0))
})

test.run()
