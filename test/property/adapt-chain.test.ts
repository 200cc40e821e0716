// From 2.1.1 to 2.3.0 and back: two steps between neighbours are a conversion like any other.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { convert, convertText } from '../../src/ocpi/adapt.ts'
import { KINDS } from '../../src/ocpi/adapt/define.ts'
import type { Converted, Facts, Json, Kind } from '../../src/ocpi/adapt/define.ts'
import { schemaFor, validate } from '../../src/ocpi/validate.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { generate, isMissing } from '../helpers/generate-ocpi.ts'
import { SCHEMAS, memberNames } from '../helpers/generate-ocpi-schemas.ts'
import { seed, size } from '../helpers/seed.ts'
import { unexplained } from '../helpers/survives.ts'

type Way = { kind: Kind; from: Version; to: Version }

const options = (normal: number) => ({ seed: seed(), numRuns: size(normal) })

const WAYS: Way[] = KINDS.filter(
  (kind) => !isMissing(kind, '2.1.1') && !isMissing(kind, '2.3.0'),
).flatMap((kind): Way[] => [
  { kind, from: '2.1.1', to: '2.3.0' },
  { kind, from: '2.3.0', to: '2.1.1' },
])

const name = ({ kind, from, to }: Way): string => `${kind} ${from} to ${to}`
const pointersOf = ({ losses }: Converted<Json>): string[] =>
  losses.filter(({ reason }) => !/one element at a time/.test(reason)).map((loss) => loss.pointer)

/** The same through 2.2.1 by hand. */
function byHand(value: Json, { kind, from, to }: Way, facts: Facts): Converted<Json> {
  const first = convert(value, { kind, from, to: '2.2.1', facts })
  if (!first.ok) return first
  const second = convert(first.value, { kind, from: '2.2.1', to, facts })
  return { ...second, losses: [...first.losses, ...second.losses] }
}

function assertSaid(text: string, { kind, from, to }: Way): void {
  const schema = schemaFor(SCHEMAS[kind], to)
  assert.ok(schema)
  assert.equal(validate(schema, JSON.parse(text)).hard, [])
  const known = memberNames(kind, to)
  const left = [...memberNames(kind, from)].filter((one) => !known.has(one))
  assert.equal(
    left.filter((one) => text.includes(`"${one}":`)),
    [],
  )
}

for (const way of WAYS) {
  test(`${name(way)} is its two steps, valid there, and back the same but for the losses`, () => {
    fc.assert(
      fc.property(generate(way.kind, way.from), ({ value, facts }) => {
        const there = convert(value, { ...way, facts })
        assert.equal(there, byHand(value, way, facts))
        const text = convertText(JSON.stringify(value), { ...way, facts })
        assert.is(text.ok, there.ok)
        if (!there.ok || !text.ok) return
        assertSaid(text.value, way)
        const back = convert(there.value, { kind: way.kind, from: way.to, to: way.from, facts })
        assert.ok(back.ok, JSON.stringify(back))
        if (!back.ok) return
        const lost = { there: pointersOf(there), back: pointersOf(back) }
        // Where an item was left out, the second step counts without it.
        const areShifted = [...lost.there, ...lost.back].some((pointer) => /\/\d+$/.test(pointer))
        if (areShifted) return
        assert.equal(unexplained({ before: value, after: back.value, lost }), [])
      }),
      options(60),
    )
  })
}

test.run()
