import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { convert, convertText } from '../../src/ocpi/adapt.ts'
import { KINDS } from '../../src/ocpi/adapt/define.ts'
import type { Converted, Facts, Json, Kind } from '../../src/ocpi/adapt/define.ts'
import { dropNulls, isRecord, schemaFor, validate } from '../../src/ocpi/validate.ts'
import type { Version } from '../../src/ocpi/version.ts'
import { recordedObjects } from '../helpers/generate-ocpi-feeds.ts'
import { garbage, generate, isMissing, spoiled } from '../helpers/generate-ocpi.ts'
import { SCHEMAS, memberNames } from '../helpers/generate-ocpi-schemas.ts'
import { seed, size } from '../helpers/seed.ts'
import { unexplained } from '../helpers/survives.ts'

const options = (normal: number) => ({ seed: seed(), numRuns: size(normal) })

const NEIGHBOURS: readonly (readonly [Version, Version])[] = [
  ['2.1.1', '2.2.1'],
  ['2.2.1', '2.1.1'],
  ['2.2.1', '2.3.0'],
  ['2.3.0', '2.2.1'],
]

type Way = { kind: Kind; from: Version; to: Version }

const WAYS: Way[] = KINDS.flatMap((kind) =>
  NEIGHBOURS.filter(([from, to]) => !isMissing(kind, from) && !isMissing(kind, to)).map(
    ([from, to]) => ({ kind, from, to }),
  ),
)

/** There and back again; null when the other version cannot say it at all. */
function returned(
  value: Json,
  way: Way,
  facts: Facts,
): { there: Json; differing: string[] } | null {
  const there = convert(value, { ...way, facts })
  if (!there.ok) return null
  const back = convert(there.value, { kind: way.kind, from: way.to, to: way.from, facts })
  assert.ok(back.ok, `${name(way)} cannot come back: ${JSON.stringify(back)}`)
  const lost = { there: pointersOf(there), back: pointersOf(back) }
  const differing = unexplained({ before: value, after: valueOf(back), lost })
  return { there: there.value, differing }
}

/** How elements are read is no change of their members, which must be the same. */
const pointersOf = ({ losses }: Converted<Json>): string[] =>
  losses.filter((loss) => !/one element at a time/.test(loss.reason)).map((loss) => loss.pointer)
const valueOf = (converted: Converted<Json>): Json => (converted.ok ? converted.value : {})
const name = ({ kind, from, to }: Way): string => `${kind} ${from} to ${to}`
const hard = (kind: Kind, version: Version, value: Json) => {
  const schema = schemaFor(SCHEMAS[kind], version)
  assert.ok(schema, `${kind} has no schema for ${version}`)
  return validate(schema, value).hard
}

/** A member that only the version it comes from knows. */
function leftNames({ kind, from, to }: Way): RegExp {
  const known = memberNames(kind, to)
  const left = [...memberNames(kind, from)].filter((one) => !known.has(one))
  return new RegExp(`"(${left.join('|') || '-'})":`)
}

for (const way of WAYS) {
  test(`${name(way)} and back is the same but for the reported losses, and valid there`, () => {
    fc.assert(
      fc.property(generate(way.kind, way.from), ({ value, facts }) => {
        const there = convertText(JSON.stringify(value), { ...way, facts })
        if (!there.ok) return
        assert.equal(hard(way.kind, way.to, JSON.parse(there.value)), [])
        assert.not.match(there.value, leftNames(way))
        assert.equal(returned(value, way, facts)?.differing, [])
      }),
      options(60),
    )
  })
}

for (const way of WAYS) {
  test(`${name(way)} changes no input and throws for nothing`, () => {
    const wildFacts = garbage.filter(isRecord)
    fc.assert(
      fc.property(
        generate(way.kind, way.from),
        garbage,
        wildFacts,
        fc.nat(),
        (sample, wild, more, place) => {
          const { value, facts } = sample
          for (const one of [value, spoiled(value, place, wild), { ...value, ...more }, more]) {
            if (!isRecord(one)) continue
            for (const partial of [false, true]) {
              convert(frozen(one), { ...way, facts, partial })
              convert(frozen(one), { ...way, facts: { location: more, token: more }, partial })
            }
          }
        },
      ),
      options(40),
    )
  })
}

test('a partial object gets only what it says, and the time of receipt', () => {
  const partials = WAYS.filter(({ kind }) =>
    ['location', 'evse', 'connector', 'tariff', 'token'].includes(kind),
  )
  for (const way of partials) {
    const some = generate(way.kind, way.from).chain(({ value, facts }) =>
      fc.subarray(Object.keys(value)).map((names) => ({
        value: Object.fromEntries(names.map((one) => [one, value[one]])),
        facts,
      })),
    )
    fc.assert(
      fc.property(some, ({ value, facts }) => {
        const there = convert(value, { ...way, facts, partial: true })
        if (!there.ok) return
        const filled = way.from === '2.1.1' && !('last_updated' in value) ? ['last_updated'] : []
        assert.ok(Object.keys(there.value).length <= Object.keys(value).length + filled.length)
        if (filled.length > 0) assert.is(there.value['last_updated'], facts.receivedAt)
      }),
      options(40),
    )
  }
})

test('numbers of any length keep their digits through text', () => {
  const long = fc.tuple(fc.stringMatching(/^[1-9]\d{0,24}$/), fc.stringMatching(/^\d{0,24}[1-9]$/))
  fc.assert(
    fc.property(long, ([whole, fraction]) => {
      const price = `${whole}.${fraction}`
      const text = `{"elements":[{"price_components":[{"type":"FLAT","price":${price},"step_size":1}]}],"note":"1${whole}${fraction}"}`
      const way = { kind: 'tariff', facts: {} } as const
      const up = convertText(text, { ...way, from: '2.2.1', to: '2.3.0' })
      const back = convertText(up.ok ? up.value : '', { ...way, from: '2.3.0', to: '2.2.1' })
      assert.is(back.ok && back.value, text)
    }),
    options(200),
  )
})

test('every recorded object returns from the other versions but for the reported losses', async () => {
  const recorded = await recordedObjects()
  if (recorded === null) {
    process.stdout.write('no recorded feeds beside the project: nothing to convert\n')
    return
  }
  const facts = { owner: { country_code: 'NL', party_id: 'TNM' }, timeZone: 'Europe/Amsterdam' }
  const counts = { objects: 0, withheld: 0 }
  for (const { kind, value } of recorded) {
    const { country_code, party_id } = value
    const owner =
      typeof country_code === 'string' && typeof party_id === 'string'
        ? { country_code, party_id }
        : facts.owner
    for (const to of ['2.1.1', '2.3.0'] as const) {
      const way = { kind, from: '2.2.1', to } as const
      const result = returned(frozen(value), way, { ...facts, owner })
      counts.objects += 1
      if (result === null) counts.withheld += 1
      else {
        assert.equal(result.differing, [], `${kind} ${String(value['id'])} to ${to}`)
        const clean = dropNulls(value)
        if (hard(kind, '2.2.1', isRecord(clean) ? clean : {}).length === 0) {
          assert.equal(hard(kind, to, result.there), [], `${kind} ${String(value['id'])} to ${to}`)
        }
      }
    }
  }
  assert.ok(counts.objects > 0)
  process.stdout.write(`recorded conversions ${counts.objects}, withheld ${counts.withheld}\n`)
})

/** Deeply frozen, so that a step that writes into its input throws. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const member of Object.values(value)) frozen(member)
  }
  return value
}

test.run()
