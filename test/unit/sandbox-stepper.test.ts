import { test } from 'uvu'
import * as check from 'uvu/assert'
import { assert } from '../../src/assert.ts'
import { decimalText } from '../../src/sandbox/decimals.ts'
import { stepSession } from '../../src/sandbox/stepper.ts'
import { readTariff } from '../../src/sandbox/tariff.ts'
import { zoneNamed } from '../../src/sandbox/zone.ts'

type Part = { type: string; price: number; step_size: number; vat?: number }

const energy = (price: number, more: Partial<Part> = {}): Part => ({
  type: 'ENERGY',
  price,
  step_size: 1,
  ...more,
})
const element = (parts: Part[], restrictions?: object) => ({
  price_components: parts,
  restrictions,
})

function cost(
  elements: object[],
  session: { start?: string; kwh: number; chargeMinutes: number; parkMinutes?: number },
) {
  const tariff = readTariff({
    id: 'T',
    country_code: 'NL',
    party_id: 'TNM',
    currency: 'EUR',
    elements,
  })
  assert(!('unpriceable' in tariff), 'the tariff can be priced')
  const startMs = Date.parse(session.start ?? '2026-03-02T09:00:00Z')
  const chargeSeconds = session.chargeMinutes * 60
  const stay = {
    startMs,
    endMs: startMs + (chargeSeconds + (session.parkMinutes ?? 0) * 60) * 1000,
    energy: Math.round(session.kwh * 1e6),
    chargeSeconds,
  }
  const result = stepSession(tariff, stay, zoneNamed('Europe/Amsterdam'))
  const { net, gross } = result.total
  return {
    ...result,
    net: decimalText(net, 6),
    gross: gross === undefined ? undefined : decimalText(gross, 6),
  }
}

test('20 kWh at 0.25 with 10 % VAT is 5.00 and 5.50', () => {
  const found = cost([element([energy(0.25, { vat: 10 })])], { kwh: 20, chargeMinutes: 60 })
  check.equal([found.net, found.gross], ['5', '5.5'])
})

test('a start fee has its own VAT: 5.50 and 6.10', () => {
  const fee = { type: 'FLAT', price: 0.5, vat: 20, step_size: 1 }
  const found = cost([element([fee, energy(0.25, { vat: 10 })])], { kwh: 20, chargeMinutes: 60 })
  check.equal([found.net, found.gross], ['5.5', '6.1'])
})

test('40 minutes of parking in steps of 15 are billed as 45: 7.00 and 7.90', () => {
  const fee = { type: 'FLAT', price: 0.5, vat: 20, step_size: 1 }
  const parking = { type: 'PARKING_TIME', price: 2, vat: 20, step_size: 900 }
  const session = { kwh: 20, chargeMinutes: 60, parkMinutes: 40 }
  const found = cost([element([fee, energy(0.25, { vat: 10 }), parking])], session)
  check.equal([found.net, found.gross], ['7', '7.9'])
})

test('2.5 hours at 2.00 an hour are 5.00 and 5.50, parking is free', () => {
  const time = { type: 'TIME', price: 2, vat: 10, step_size: 60 }
  const found = cost([element([time])], { kwh: 20, chargeMinutes: 150, parkMinutes: 30 })
  check.equal([found.net, found.gross], ['5', '5.5'])
})

test('charging and 42 minutes of parking in steps of 5 are 11.25 and 12.75', () => {
  const time = { type: 'TIME', price: 3, vat: 10, step_size: 60 }
  const parking = { type: 'PARKING_TIME', price: 5, vat: 20, step_size: 300 }
  const found = cost([element([time, parking])], { kwh: 20, chargeMinutes: 150, parkMinutes: 42 })
  check.equal([found.net, found.gross], ['11.25', '12.75'])
})

test('time is not stepped where parking is priced', () => {
  const time = { type: 'TIME', price: 6, step_size: 3600 }
  const parking = { type: 'PARKING_TIME', price: 0, step_size: 60 }
  check.is(
    cost([element([time, parking])], { kwh: 5, chargeMinutes: 30, parkMinutes: 10 }).net,
    '3',
  )
  check.is(cost([element([time])], { kwh: 5, chargeMinutes: 30, parkMinutes: 10 }).net, '6')
})

test('without VAT on every price there is no amount with tax', () => {
  const fee = { type: 'FLAT', price: 0.5, vat: 20, step_size: 1 }
  check.is(cost([element([fee, energy(0.25)])], { kwh: 20, chargeMinutes: 60 }).gross, undefined)
})

test('a cheaper first 10 kWh end a charging period at exactly 10 kWh', () => {
  const tiers = [element([energy(0.4)], { max_kwh: 10 }), element([energy(0.5)])]
  const found = cost(tiers, { kwh: 15, chargeMinutes: 90 })
  check.is(found.net, '6.5')
  check.equal(
    found.periods.map((period) => period.energy),
    [10_000_000, 5_000_000],
  )
})

test('a window over midnight holds on both sides of it, in local time', () => {
  const night = [
    element([energy(0.2)], { start_time: '23:00', end_time: '07:00' }),
    element([energy(0.5)]),
  ]
  // 22:00 to 02:00 in Amsterdam: one hour of day, three of night.
  const found = cost(night, { start: '2026-03-02T21:00:00Z', kwh: 8, chargeMinutes: 240 })
  check.is(found.net, '2.2')
  check.equal(
    found.periods.map((period) => period.to - period.from),
    [3600, 10_800],
  )
})

test('the hour that the clock repeats in autumn is inside its window twice', () => {
  const hour = [
    element([energy(1)], { start_time: '02:00', end_time: '03:00' }),
    element([energy(0)]),
  ]
  // 2026-10-25 01:00 to 04:00 local time lasts four hours.
  const found = cost(hour, { start: '2026-10-24T23:00:00Z', kwh: 4, chargeMinutes: 240 })
  check.is(found.net, '2')
})

test('a weekday is that of the local day', () => {
  const sunday = [element([energy(0)], { day_of_week: ['SUNDAY'] }), element([energy(1)])]
  // From Sunday 23:00 to Monday 01:00 in Amsterdam.
  const found = cost(sunday, { start: '2026-03-01T22:00:00Z', kwh: 2, chargeMinutes: 120 })
  check.is(found.net, '1')
})

test('parking after four hours costs from the second at which they are over', () => {
  const blocking = [
    element([{ type: 'PARKING_TIME', price: 6, step_size: 1 }], { min_duration: 14_400 }),
    element([energy(0)]),
  ]
  const found = cost(blocking, { kwh: 5, chargeMinutes: 60, parkMinutes: 240 })
  check.is(found.net, '6')
})

test('a date window that ends on the day it starts never applies', () => {
  const never = [
    element([energy(9)], { start_date: '2026-03-02', end_date: '2026-03-02' }),
    element([energy(1)]),
  ]
  check.is(cost(never, { kwh: 3, chargeMinutes: 60 }).net, '3')
})

test('charging periods add up to the session', () => {
  const day = [
    element([energy(0.5)], { start_time: '07:00', end_time: '23:00' }),
    element([energy(0.3)]),
  ]
  const found = cost(day, {
    start: '2026-03-02T20:13:07Z',
    kwh: 12.345678,
    chargeMinutes: 700,
    parkMinutes: 900,
  })
  check.is(
    found.periods.reduce((sum, period) => sum + period.energy, 0),
    12_345_678,
  )
  check.is(found.periods.at(-1)?.to, 1600 * 60)
})

test('tariffs that careful readers could read differently are refused', () => {
  const read = (more: object) =>
    readTariff({ id: 'T', currency: 'EUR', elements: [element([energy(1)])], ...more })
  const refused = (more: object) => check.ok('unpriceable' in read(more), JSON.stringify(more))
  refused({ elements: [] })
  refused({ min_price: { excl_vat: 1 } })
  refused({ end_date_time: '2026-01-01T00:00:00Z' })
  refused({ elements: [element([energy(1)], { max_power: 11 })] })
  refused({ elements: [element([energy(1)], { reservation: 'RESERVATION' })] })
  refused({ elements: [element([energy(1)], { start_time: '08:00', end_time: '08:00' })] })
  refused({ elements: [element([energy(1)], { end_time: '00:00' })] })
  refused({ elements: [element([energy(1)], { start_time: '08:00', end_time: '19:59:59' })] })
  refused({ elements: [element([energy(1), energy(2)])] })
  check.not.ok('unpriceable' in read({ elements: [element([energy(1)], { max_power: null })] }))
})

test.run()
