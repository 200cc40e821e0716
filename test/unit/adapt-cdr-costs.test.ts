import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { convert } from '../../src/ocpi/adapt.ts'
import {
  cdr,
  down,
  down3,
  energy,
  facts,
  isValid,
  old,
  oldTariff,
  run,
  start_date_time,
  tariff,
  up,
  up3,
} from '../helpers/adapt-cdrs.ts'
import { frozen } from '../helpers/adapt-samples.ts'

const step = suite('cdr steps, costs and periods')

const costs = [
  'total_fixed_cost',
  'total_energy_cost',
  'total_time_cost',
  'total_parking_cost',
  'total_reservation_cost',
]

step('C8 the costs of a kind are lost towards 2.1.1 and are Prices with taxes in 2.3.0', () => {
  const price = { excl_vat: 0.7, incl_vat: 0.8 }
  const priced = { ...cdr, ...Object.fromEntries(costs.map((name) => [name, price])) }
  const lowered = run(priced, down)
  assert.ok(costs.every((name) => lowered.lost.includes(`/${name}`)))
  assert.equal(lowered.value, run(cdr, down).value)
  const lifted = run(priced, up3)
  const taxed = { before_taxes: 0.7, taxes: [{ name: 'VAT', amount: 0.1 }] }
  for (const name of costs) assert.equal(lifted.value[name], taxed)
  isValid(lifted.value, '2.3.0')
  assert.equal(run(lifted.value, down3).value, priced)
})

const credit = {
  ...cdr,
  id: 'C1-C',
  credit: true,
  credit_reference_id: 'C1',
  total_cost: { excl_vat: -1.38 },
}

step('C9 a credit CDR is withheld from 2.1.1', () => {
  const result = convert(credit, { kind: 'cdr', facts, ...down })
  assert.is(!result.ok && result.pointer, '/credit')
})

step('C9 by agreement a credit CDR is a negative CDR with a remark in 2.1.1', () => {
  const lowered = run(credit, { ...down, facts: { ...facts, allowCredit: true } })
  assert.is(lowered.value['total_cost'], -1.38)
  assert.is(lowered.value['credit'], true)
  assert.is(lowered.value['credit_reference_id'], 'C1')
  assert.is(lowered.value['remark'], 'Credit for CDR C1')
  assert.ok(lowered.lost.includes('/credit'))
  const remarked = { ...credit, remark: 'ours' }
  const kept = run(remarked, { ...down, facts: { ...facts, allowCredit: true } })
  assert.is(kept.value['remark'], 'ours')
  const lifted = run(lowered.value, up)
  assert.is(lifted.value['credit'], true)
  assert.is(lifted.value['credit_reference_id'], 'C1')
})

step('C9 credit false is lost towards 2.1.1 and the CDR is sent', () => {
  const lowered = run({ ...cdr, credit: false }, down)
  assert.is(lowered.value['credit'], undefined)
  assert.ok(lowered.lost.includes('/credit'))
})

step('C10 what 2.1.1 has no member for is lost, and Eichrecht is named', () => {
  const extras = {
    signed_data: { encoding_method: 'OCMF', signed_values: [] },
    authorization_reference: 'R',
    invoice_reference_id: 'I',
    home_charging_compensation: true,
  }
  const value = frozen({ ...cdr, ...extras, x_custom: 1 })
  const result = convert(value, { kind: 'cdr', facts, ...down })
  assert.ok(result.ok)
  assert.equal(result.ok && result.value, { ...run(cdr, down).value, x_custom: 1 })
  const named = new Map(result.losses.map(({ pointer, reason }) => [pointer, reason]))
  for (const name of Object.keys(extras)) assert.ok(named.has(`/${name}`), name)
  assert.match(named.get('/signed_data') ?? '', 'Eichrecht')
})

step('C11 periods stay as they are', () => {
  const charging_periods = [
    { start_date_time, dimensions: [energy] },
    { start_date_time: '2024-01-01T10:30:00Z', dimensions: [{ type: 'TIME', volume: 0.5 }] },
  ]
  const lowered = run({ ...cdr, charging_periods }, down)
  assert.equal(lowered.value['charging_periods'], charging_periods)
})

step('C12 tariff_id of a period is filled upwards when there is exactly one tariff', () => {
  const tariffs = [oldTariff, { ...oldTariff, id: 'T2' }]
  for (const several of [tariffs, []]) {
    const lifted = run({ ...old, tariffs: several }, up)
    assert.equal(lifted.value['charging_periods'], old['charging_periods'])
  }
  assert.ok(run(cdr, down).lost.includes('/charging_periods/0/tariff_id'))
})

step('C13 tariffs are stepped with the CDR', () => {
  const lifted = run(cdr, up3)
  assert.equal(lifted.value['tariffs'], [{ ...tariff, tax_included: 'NO' }])
  assert.equal(run(lifted.value, down3).value, cdr)
})

step('C13 a tariff that 2.1.1 cannot say is left out, and the CDR is sent', () => {
  const adHoc = { ...tariff, id: 'T2', type: 'AD_HOC_PAYMENT' }
  const lowered = run({ ...cdr, tariffs: [adHoc, tariff] }, down)
  assert.equal(lowered.value['tariffs'], [oldTariff])
  assert.ok(lowered.lost.includes('/tariffs/0'))
})

step('C14 dimensions that the other version does not have are left out, and a period stays', () => {
  const periods = (type: string) => [{ start_date_time, dimensions: [{ type, volume: 1 }] }]
  const nothing = [{ start_date_time, dimensions: [{ type: 'TIME', volume: 0 }] }]
  const lifted = run({ ...old, charging_periods: periods('FLAT') }, up)
  assert.equal(lifted.value['charging_periods'], nothing)
  isValid(lifted.value, '2.2.1')
  const lowered = run({ ...cdr, charging_periods: periods('STATE_OF_CHARGE') }, down)
  assert.equal(lowered.value['charging_periods'], nothing)
  assert.ok(lowered.lost.includes('/charging_periods'))
  const booking = run({ ...cdr, charging_periods: periods('RESERVATION_EXPIRES') }, down3)
  assert.equal(booking.value['charging_periods'], nothing)
})

step('C16 PARKING_TIME and total_parking_time are the same members everywhere', () => {
  const charging_periods = [{ start_date_time, dimensions: [{ type: 'PARKING_TIME', volume: 1 }] }]
  const value = { ...cdr, charging_periods, total_parking_time: 1 }
  const lowered = run(value, down)
  assert.equal(lowered.value['charging_periods'], charging_periods)
  assert.is(lowered.value['total_parking_time'], 1)
})

step('C17 signed data is the same in 2.2.1 and 2.3.0', () => {
  const signed_data = {
    encoding_method: 'OCMF',
    signed_values: [{ nature: 'End', plain_data: 'x'.repeat(5000), signed_data: 'y'.repeat(5000) }],
  }
  const lifted = run({ ...cdr, signed_data }, up3)
  assert.equal(lifted.value['signed_data'], signed_data)
  isValid(lifted.value, '2.3.0')
})

step('C18 booking_id stays in 2.2.1 and is lost towards 2.1.1', () => {
  const value = { ...cdr, booking_id: 'B1', total_cost: { before_taxes: 1 } }
  const neighbour = run(value, down3)
  assert.is(neighbour.value['booking_id'], 'B1')
  const lowered = run(neighbour.value, down)
  assert.is(lowered.value['booking_id'], undefined)
  assert.ok(lowered.lost.includes('/booking_id'))
})

step('any JSON object passes every step without a throw', () => {
  const shapes: unknown[] = ['x', 1, true, [], {}, [1], [{}], { toString: 1 }, '']
  for (const { from, to } of [up, down, up3, down3]) {
    const base = from === '2.1.1' ? old : cdr
    for (const name of [...Object.keys(old), ...Object.keys(cdr), ...costs, 'credit']) {
      for (const shape of shapes) {
        convert({ ...base, [name]: shape }, { kind: 'cdr', from, to, facts })
        convert({ [name]: shape }, { kind: 'cdr', from, to, facts: {} })
      }
    }
  }
})

step.run()
