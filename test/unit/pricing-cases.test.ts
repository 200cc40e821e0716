import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { priceCdr } from '../../src/pricing/price.ts'
import type { PricingPolicy } from '../../src/pricing/types.ts'
import { expandCdr, expandTariff } from '../fixtures/pricing/expand.ts'
import type { ShortCdr, ShortTariff } from '../fixtures/pricing/expand.ts'

type Case = {
  name: string
  zone?: string | null
  policy?: PricingPolicy
  cdr: ShortCdr
  tariffs: ShortTariff[]
  expect: {
    error?: string
    pointer?: string
    excl?: string | null
    incl?: string | null
    clamp?: [string | null, string | null]
    dimensions?: Record<string, string>
    quantities?: Record<string, string>
    billed?: Record<string, string>
    notes?: string[]
  }
}

const TABLES = ['choice', 'restrictions', 'step-size', 'taxes', 'limits', 'reservation', 'tariffs']

for (const table of TABLES) {
  const test = suite(`pricing: ${table}`)
  const path = new URL(`../fixtures/pricing/${table}.json`, import.meta.url)
  const cases: Case[] = JSON.parse(readFileSync(path, 'utf8'))
  for (const each of cases) test(each.name, () => verify(each))
  test.run()
}

function verify({ zone = 'UTC', policy, cdr, tariffs, expect }: Case): void {
  const priced = priceCdr(expandCdr(cdr), tariffs.map(expandTariff), { timeZone: zone, policy })
  if (!priced.ok) {
    assert.is(priced.code, expect.error)
    assert.is(priced.pointer, expect.pointer)
    return
  }
  assert.is(expect.error, undefined)
  assert.equal(priced.total, { excl: expect.excl, incl: expect.incl })
  if (expect.clamp) assert.equal([priced.clamp.excl, priced.clamp.incl], expect.clamp)
  for (const [dimension, cost] of Object.entries(expect.dimensions ?? {})) {
    assert.is(
      Object.entries(priced.dimensions).find(([key]) => key === dimension)?.[1].excl,
      cost,
      dimension,
    )
  }
  const { billed, ...measured } = priced.quantities
  assert.equal({ ...measured, ...expect.quantities }, measured)
  assert.equal({ ...billed, ...expect.billed }, billed)
  if (expect.notes)
    assert.equal(priced.notes.map((note) => note.code).sort(), [...expect.notes].sort())
}
