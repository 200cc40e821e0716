import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { valueText } from '../../src/ocpi/json-text.ts'
import { mergePatch, patchChild, putChild, setMember } from '../../src/ocpi/splice.ts'
import { seed, size } from '../helpers/seed.ts'

const options = (normal: number) => ({ seed: seed(), numRuns: size(normal) })

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'é', 'q"', '__proto__', 'n\\'),
  fc.string({ maxLength: 4 }),
)
const value = fc.jsonValue({ maxDepth: 2 })
const members = fc.uniqueArray(fc.tuple(name, value), { maxLength: 6, selector: ([key]) => key })

type Members = readonly (readonly [string, unknown])[]

/** Texts of an object with a given gap between its tokens. */
const render = (list: Members, gap: string) =>
  `${gap}{${gap}${list.map(([key, item]) => `${JSON.stringify(key)}${gap}:${gap}${JSON.stringify(item)}`).join(`${gap},${gap}`)}${gap}}`

const gap = fc.constantFrom('', ' ', '\n  ')

/** Sets members of a list in order, as an object literal would. */
const withMembers = (list: Members, changes: Members): Members => {
  const result = new Map(list)
  for (const [key, item] of changes) result.set(key, item)
  return [...result]
}

const parsed = (text: string | null): Members => Object.entries(JSON.parse(text ?? 'null'))
const sorted = (list: Members) => JSON.stringify([...list].sort(([a], [b]) => (a < b ? -1 : 1)))

test('a merged text parses to the merged value and keeps untouched members byte for byte', () => {
  fc.assert(
    fc.property(members, members, gap, gap, (stored, patch, storedGap, patchGap) => {
      const text = render(stored, storedGap)
      const merged = mergePatch({ text, patch: render(patch, patchGap) })
      const effective = patch.filter(([, item]) => item !== null)
      assert.is(sorted(parsed(merged)), sorted(withMembers(stored, effective)))
      const touched = new Set(effective.map(([key]) => key))
      for (const [key] of stored) {
        if (!touched.has(key)) assert.is(valueText(merged, [key]), valueText(text, [key]))
      }
    }),
    options(1_500),
  )
})

test('appended arrays hold the stored items, then those of the patch', () => {
  const list = fc.array(value, { maxLength: 4 })
  fc.assert(
    fc.property(members, list, list, gap, (others, before, added, space) => {
      const rest = others.filter(([key]) => key !== 'list')
      const text = render([...rest, ['list', before]], space)
      const patch = render([['list', added]], space)
      const merged = mergePatch({ text, patch, appendArrays: ['list'] })
      assert.is(sorted(parsed(merged)), sorted([...rest, ['list', [...before, ...added]]]))
      if (added.length === 0) assert.is(merged, text)
    }),
    options(1_000),
  )
})

test('setting a member changes that member only', () => {
  fc.assert(
    fc.property(members, name, value, gap, (stored, key, item, space) => {
      const text = render(stored, space)
      const result = setMember(text, [key], JSON.stringify(item))
      assert.is(sorted(parsed(result)), sorted(withMembers(stored, [[key, item]])))
    }),
    options(1_000),
  )
})

test('putting and patching a child touches no other child', () => {
  const uid = fc.constantFrom('a', 'B', 'c', 'D')
  const children = fc.uniqueArray(fc.tuple(uid, members), { selector: ([id]) => id, maxLength: 4 })
  const body = (id: string, list: Members): Members => withMembers(list, [['uid', id]])
  fc.assert(
    fc.property(children, uid, members, gap, (list, id, changes, space) => {
      const array = `[${list.map(([key, rest]) => render(body(key, rest), space)).join(',')}]`
      const text = `{"id":1.0,"evses":${array}}`
      const index = list.findIndex(([key]) => key === id)
      const steps = [{ array: 'evses', key: 'uid', id: id.toLowerCase() }]
      const put = putChild(text, steps, render(body(id, changes), ''))
      const at = index < 0 ? list.length : index
      assert.is(valueText(put ?? '', ['evses', at]), render(body(id, changes), ''))
      const patched = patchChild(text, steps, render(changes, space))
      assert.is(patched === null, index < 0)
      for (const result of [put, patched]) {
        if (result === null) continue
        assert.is(valueText(result, ['id']), '1.0')
        for (const [other] of list.entries()) {
          if (other !== index)
            assert.is(valueText(result, ['evses', other]), valueText(text, ['evses', other]))
        }
      }
    }),
    options(1_000),
  )
})

test.run()
