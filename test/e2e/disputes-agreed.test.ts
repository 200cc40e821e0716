// A replacement that claims what was agreed is not held for what came with the dispute: its time, a corrected session.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { at, items } from '../helpers/ask.ts'
import { ocmfOf } from '../helpers/clearing-world-signed.ts'
import { disputesOf } from '../helpers/dispute-story.ts'
import { startHub } from '../helpers/hub.ts'
import { creditOf, money, put, sessionOf } from '../helpers/objects.ts'
import type { Json } from '../helpers/objects.ts'

const hub = await startHub()
const cpo = await hub.connect({ parties: [{ party: 'NL-TNM', role: 'CPO' }] })
const emsp = await hub.connect({ parties: [{ party: 'DE-EMA', role: 'EMSP' }] })
const story = disputesOf(hub, { cpo, emsp })
const { clean, contest, act, of, parts, verify, post } = story

const test = suite('agreed replacements')
test.after.each(verify)
test.after(() => hub.close())

const HOUR_MS = 3_600_000
const LIMIT_MS = 60 * 24 * HOUR_MS

async function send(cdr: Json): Promise<void> {
  const answer = await post(cdr)
  assert.is(answer.code, 1000, answer.text)
  await hub.drain()
}

/** The same charge, billed with so many kWh of 0.30. */
function replacement(cdr: Json, id: string, kwh: number): Json {
  const [first] = items(cdr['charging_periods'])
  const dimensions = [
    { type: 'ENERGY', volume: kwh },
    { type: 'TIME', volume: 1 },
  ]
  return {
    ...cdr,
    id,
    total_energy: kwh,
    charging_periods: [{ ...Object(first), dimensions }],
    total_cost: money((kwh * 3) / 10),
    total_energy_cost: money((kwh * 3) / 10),
  }
}

async function findings(id: string): Promise<Record<string, unknown>[]> {
  const { json } = await hub.admin('GET', `/cdrs/NL/TNM/${id}`)
  return items(at(json, 'findings')).map((one) => Object(one))
}

async function severity(id: string, code: string): Promise<unknown> {
  return (await findings(id)).find((one) => one['code'] === code)?.['severity']
}

/** The CPO corrects the session, as it corrects the CDR. */
async function correctSession(id: string, kwh: number): Promise<void> {
  const charge = { owner: 'NL-TNM', payer: 'DE-EMA', id: `S-${id}`, uid: `CARD-${id}` }
  const last_updated = new Date(performance.timeOrigin + performance.now()).toISOString()
  const answer = await put(cpo, 'sessions', sessionOf(charge, { kwh, last_updated }))
  assert.is(answer.code, 1000, answer.text)
}

test('a session that is corrected with what a signed meter proved takes nothing back', async () => {
  const now = performance.timeOrigin + performance.now()
  const record = ocmfOf({
    key: 'meter of SIGNED',
    meter: 'M-SIGNED',
    startMs: now - 2 * HOUR_MS,
    endMs: now - HOUR_MS,
    startWh: 1_000_000,
    stopWh: 1_008_000,
    token: 'CARD-SIGNED',
    spoil: false,
  })
  const cdr = await clean('SIGNED', { signed_data: record, meter_id: 'M-SIGNED' })
  const [draft] = await of('SIGNED')
  assert.is(draft?.code, 'G2')
  if (draft) await act(draft, 'accept', 'cpo')
  await send(creditOf(cdr, 'SIGNED-C'))
  await correctSession('SIGNED', 8)
  await send(replacement(cdr, 'SIGNED-R', 8))
  assert.is(await parts('SIGNED-R'), 'provisional provisional:2.4')
  assert.is(await severity('SIGNED-R', 'Q5'), 'W')
  assert.is((await of('SIGNED'))[0]?.outcome, 'upheld')
})

test('without a signed meter too, as far as it bills no more than the corrected session', async () => {
  for (const id of ['LESS', 'MORE']) {
    const cdr = await clean(id)
    await act(await contest(id, { amount: { net: '0.60' } }), 'accept', 'cpo')
    await send(creditOf(cdr, `${id}-C`))
    await correctSession(id, id === 'LESS' ? 8 : 7)
    await send(replacement(cdr, `${id}-R`, 8))
  }
  assert.is(await parts('LESS-R'), 'provisional provisional:2.4')
  assert.is(await severity('LESS-R', 'Q5'), 'W')
  // The session says 7, and what was agreed 2.40: one kWh is too much.
  assert.is(await parts('MORE-R'), 'held provisional:2.1 held:0.3')
})

test('what was agreed of a wrong price is not held again for that price; more is', async () => {
  for (const [id, net] of [
    ['MEET', 3.5],
    ['BEYOND', 3.7],
  ] as const) {
    const cdr = await story.wrong(id)
    const [draft] = await of(id)
    assert.equal([draft?.code, draft?.net], ['P1', '1.00'])
    if (!draft) continue
    const offered = await act(draft, 'propose', 'cpo', { amount: { net: '0.50' } })
    await act(offered, 'accept', 'emsp')
    await send(creditOf(cdr, `${id}-C`))
    const cost = money(net)
    await send({ ...cdr, id: `${id}-R`, total_cost: cost, total_energy_cost: cost })
  }
  assert.is(await parts('MEET-R'), 'provisional provisional:3.5')
  const [found] = (await findings('MEET-R')).filter(({ code }) => code === 'P1')
  assert.is(found?.['severity'], 'W')
  assert.match(String(at(found, 'explanation', 'decision')), /no more is claimed than a dispute/)
  assert.is((await of('MEET-R')).length, 0)
  assert.match(await parts('BEYOND-R'), /^held /)
  assert.is(await severity('BEYOND-R', 'P1'), 'S')
})

test('what is wrong only in the replacement is held, whatever was agreed', async () => {
  const cdr = await clean('NEW')
  await act(await contest('NEW', { amount: { net: '0.60' } }), 'accept', 'cpo')
  await send(creditOf(cdr, 'NEW-C'))
  const cost = money(2.4)
  // 7 kWh of 0.30 are 2.10.
  const wrong = { ...replacement(cdr, 'NEW-R', 7), total_cost: cost, total_energy_cost: cost }
  await correctSession('NEW', 7)
  await send(wrong)
  assert.is(await severity('NEW-R', 'P1'), 'S')
  assert.is(await parts('NEW-R'), 'held provisional:2.1 held:0.3')
})

test('a replacement in time for its dispute is not late, whenever its session was', async () => {
  const now = performance.timeOrigin + performance.now()
  // Billed on the last day; replaced when that is over.
  const end = now - LIMIT_MS + 10_000
  const iso = (ms: number): string => new Date(ms).toISOString()
  const times = { start_date_time: iso(end - HOUR_MS), end_date_time: iso(end) }
  const first: Json[] = []
  for (const id of ['LATE', 'OVER', 'FIRST']) {
    const charge = story.charge(id, emsp)
    await story.prepare(charge, emsp)
    await story.session(charge, { ...times, last_updated: iso(now) })
    const cdr: Json = { ...story.cdr(charge), ...times }
    const [period] = items(cdr['charging_periods'])
    const charging_periods = [{ ...Object(period), start_date_time: times.start_date_time }]
    first.push({ ...cdr, charging_periods })
  }
  for (const cdr of first) {
    await send(cdr)
    await act(await contest(String(cdr['id']), { amount: { net: '1.20' } }), 'accept', 'cpo')
  }
  const [late = {}, over = {}, before = {}] = first
  await send(creditOf(late, 'LATE-C'))
  await send(creditOf(over, 'OVER-C'))
  const left = end + LIMIT_MS + 300 - (performance.timeOrigin + performance.now())
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, left)))
  await send(replacement(late, 'LATE-R', 6))
  await send(replacement(over, 'OVER-R', 7))
  await send(replacement(before, 'FIRST-R', 6))
  await send(creditOf(before, 'FIRST-C'))
  const [found] = (await findings('LATE-R')).filter(({ code }) => code === 'Z5')
  assert.is(found?.['severity'], 'I')
  assert.match(
    String(found?.['message']),
    /, more than 60 days before this CDR was received\. At most 60 days are/,
  )
  assert.not.equal(found?.['difference'], '0')
  for (const id of ['LATE-R', 'FIRST-R']) assert.is(await severity(id, 'Z5'), 'I', id)
  assert.equal([await severity('OVER-R', 'Z5'), await severity('OVER-R', 'C7')], ['I', 'S'])
  assert.is(await parts('LATE-R'), 'provisional provisional:1.8')
  assert.is(await parts('FIRST-R'), 'provisional provisional:1.8')
  assert.is(await parts('OVER-R'), 'held provisional:1.8 held:0.3')
})

test.run()
