import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultTerms } from '../../src/hub/agreement-terms.ts'
import type { AgreementTerms } from '../../src/hub/agreement-terms.ts'
import type { CdrRow, Facts } from '../../src/hub/cdrs/clear-facts.ts'
import { keptBill, priceRow, tariffOf } from '../../src/hub/cdrs/clear-price.ts'
import type { PricedCdr } from '../../src/pricing/types.ts'
import { received } from '../helpers/cdr-rows.ts'
import { soundCdr, soundTariff } from '../helpers/clearing-case.ts'

const test = suite('what a CDR is priced by')

const started = new Date('2026-03-01T10:00:00Z')

function rowOf(value: unknown, text: string | null = null): CdrRow {
  return {
    ...received,
    id: 7n,
    ocpi_version: text === null ? '2.2.1' : '2.1.1',
    value,
    text_211: text,
    session_key: null,
    location_key: 'l',
    started_at: started,
    ended_at: started,
    received_at: started,
  }
}

function factsOf(more: Partial<Facts>): Facts {
  return {
    sessions: new Map(),
    tokens: new Map(),
    foreignTokens: new Map(),
    locations: new Map(),
    zones: new Map(),
    tariffs: new Map(),
    sameSession: new Map(),
    overlapping: new Map(),
    originals: new Map(),
    creditedBy: new Map(),
    replaced: new Map(),
    known: new Map(),
    ...more,
  }
}

function price(row: CdrRow, more: Partial<Facts> = {}, terms: Partial<AgreementTerms> = {}) {
  const facts = factsOf(more)
  const agreed = { version: 1, terms: { ...defaultTerms, ...terms } }
  const prices = priceRow({ row, facts, tariff: tariffOf(row, facts), agreed })
  return { ...prices, kept: keptBill(prices.priced, { row, facts }) }
}

const total = (priced: PricedCdr | null) => (priced?.ok ? priced.total.excl : priced)
const zoneOf = (priced: PricedCdr | null) => (priced?.ok ? priced.timeZone : priced)
const zones = (name: string, source: string) => ({
  zones: new Map([['NL-TNM/l', { name, source }]]),
})

const carrying = (tariff: object) => soundCdr({ tariffs: [tariff] })

/** The same as OCPI 2.1.1 writes it. */
function oldOf(tariff: object, more: object = {}): Record<string, unknown> {
  const { end_date_time: stop_date_time, ...rest } = carrying(tariff)
  return { ...rest, stop_date_time, total_cost: 6.1, ...more }
}

/** Dear from eight to noon, local time: the sound CDR is charged from ten to noon in UTC. */
const morning = soundTariff({
  elements: [
    {
      price_components: [{ type: 'ENERGY', price: 1, vat: 20, step_size: 1 }],
      restrictions: { start_time: '08:00', end_time: '12:00' },
    },
    { price_components: [{ type: 'ENERGY', price: 0.25, vat: 20, step_size: 1 }] },
  ],
})

test('local time is that of the stored Location, and the kept bill says whose word it is', () => {
  const row = rowOf(carrying(morning))
  assert.is(total(price(row, zones('Europe/London', 'location')).priced), '20.4')
  const { priced, kept } = price(row, zones('Asia/Tokyo', 'coordinates'))
  assert.is(total(priced), '5.1')
  assert.equal(Object(kept).timeZone, { name: 'Asia/Tokyo', source: 'coordinates' })
})

test('a zone that is only inferred yields to that of a CDR of 2.1.1, a stated one does not', () => {
  const sent = oldOf(morning, { location: { country: 'USA', time_zone: 'Europe/London' } })
  const row = rowOf(carrying(morning), JSON.stringify(sent))
  const source = 'cdr_location'
  for (const more of [{}, zones('Asia/Tokyo', 'coordinates'), zones('Asia/Tokyo', 'country')])
    assert.equal(zoneOf(price(row, more).priced), { name: 'Europe/London', source })
  const stated = price(row, zones('Asia/Tokyo', 'location'))
  assert.equal(zoneOf(stated.priced), { name: 'Asia/Tokyo', source: 'given' })
})

test('a CDR of 2.1.1 is priced as it was sent, or as it was mended where that cannot be read', () => {
  const old = oldOf(soundTariff())
  const row = rowOf(carrying(soundTariff()), JSON.stringify(old))
  const { priced, pricing } = price(row)
  assert.equal(priced?.ok && priced.total, { excl: '6.1', incl: null })
  assert.equal(pricing?.cdr, old)
  const broken = rowOf(row.value, JSON.stringify({ ...old, charging_periods: 'none' }))
  assert.equal(total(price(broken).priced), '6.1')
  assert.is(total(price(rowOf(row.value, '{')).priced), '6.1')
})

test('the published tariff is priced by where its prices are others, in force and known at the start', () => {
  const row = rowOf(carrying(soundTariff()))
  const known = (value: unknown, afterStart = false) => ({
    tariffs: new Map([['7/tar-1', { value, afterStart }]]),
  })
  assert.is(price(row).stored, null)
  assert.is(price(row, known(soundTariff({ last_updated: '2026-02-02T00:00:00Z' }))).stored, null)
  assert.is(price(row, known(morning, true)).stored, null)
  const own = (more: Partial<Facts>) => Object(tariffOf(row, factsOf(more))).afterStart
  assert.equal(
    [own({}), own(known(morning)), own(known(morning, true))],
    [undefined, undefined, true],
  )
  const cheaper = soundTariff({ elements: [] })
  const { priced, stored } = price(row, { ...known(cheaper), ...zones('Europe/Paris', 'country') })
  assert.equal([total(priced), total(stored)], ['6.1', '0'])
})

test('the agreed tariff is for every session, whatever the CDR calls its own', () => {
  const tariff = soundTariff({ id: 'AGREED', elements: [] })
  const row = rowOf(carrying(soundTariff()))
  assert.is(total(price(row, {}, { tariff }).contract), '0')
  assert.is(price(row).contract, null)
  // Also where nothing else is known to price by.
  const bare = price(rowOf(soundCdr()), {}, { tariff })
  assert.equal([bare.priced, total(bare.contract)], [null, '0'])
})

test('what a policy says of 2.1.1 counts for 2.1.1', () => {
  const whole = { pricing_policy: { base: 'wwcp' } }
  const tariff = soundTariff({
    elements: [
      { price_components: [{ type: 'FLAT', price: 1, step_size: 1 }] },
      { price_components: [{ type: 'ENERGY', price: 0.25, step_size: 1 }] },
    ],
  })
  const row = rowOf(carrying(tariff), JSON.stringify(oldOf(tariff)))
  assert.equal([total(price(row).priced), total(price(row, {}, whole).priced)], ['6.1', '1'])
  assert.is(total(price(rowOf(carrying(tariff)), {}, whole).priced), '6.1')
})

test.run()
