// A manifest of an evidence pack that says something else than its events and what was frozen.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { verifyPack } from '../../src/clearing/pack/verify.ts'
import { json, packFiles, summed } from '../helpers/evidence-pack.ts'
import type { Files } from '../helpers/evidence-pack.ts'

function faults(files: Files): string[] {
  return verifyPack(files, { expectedHash: null })
    .filter(({ isRight }) => isRight === false)
    .map(({ subject, sentence }) => `${subject}: ${sentence}`)
}

/** Every place in a JSON value, with another value that could stand there. */
function* alterations(
  value: unknown,
  path: (string | number)[] = [],
): Generator<(string | number)[]> {
  if (typeof value !== 'object' || value === null) return yield path
  for (const [key, member] of Object.entries(value)) yield* alterations(member, [...path, key])
}

function altered(value: unknown, [key, ...rest]: readonly (string | number)[]): unknown {
  if (key === undefined) return typeof value === 'number' ? value + 1 : `${String(value)}1`
  const member = Object.entries(value ?? {}).find(([name]) => name === String(key))?.[1]
  const after = altered(member, rest)
  if (Array.isArray(value))
    return value.map((each, index) => (String(index) === key ? after : each))
  return { ...Object(value), [key]: after }
}

test('no word of the manifest can be changed, nor a byte be added or cut, unless all of it is forged', () => {
  const manifest = JSON.parse(String(packFiles().get('manifest.json')))
  const bytes = packFiles().get('manifest.json') ?? Buffer.alloc(0)
  for (const changed of [
    ...[...alterations(manifest)].map((path) => json(altered(manifest, path))),
    bytes.subarray(0, -1),
    Buffer.concat([bytes, Buffer.from('\n')]),
  ])
    assert.ok(faults(packFiles().set('manifest.json', changed)).length > 0, String(changed))
})

test('a forged stand of the dispute does not follow from its events, though every hash is right', () => {
  const forged = (change: Record<string, unknown>): string => {
    const files = packFiles()
    const manifest = JSON.parse(String(files.get('manifest.json')))
    files.set('manifest.json', json({ ...manifest, dispute: { ...manifest.dispute, ...change } }))
    return faults(summed(files)).join()
  }
  assert.is(forged({}), '')
  const { history } = JSON.parse(String(packFiles().get('manifest.json'))).dispute
  for (const change of [
    { id: '7' },
    { net: '1.00' },
    { tax: '0.20' },
    { upheld_net: '0.00' },
    { upheld_tax: '0.00' },
    { state: 'open' },
    { outcome: 'denied' },
    { code: 'D2' },
    { currency: 'SEK' },
    { cpo: 'NL-XXX' },
    { emsp: 'DE-XXX' },
    { cdr: { party: 'NL-TNM', id: 'C2' } },
    { evidence_hash: '0'.repeat(64) },
    { history: history.slice(1) },
    ...['state', 'actor', 'text', 'verb', 'side', 'net', 'tax', 'at', 'hash'].map((name) => ({
      history: [{ ...history[0], [name]: 'x' }, history[1]],
    })),
  ])
    assert.match(forged(change), /dispute: The pack says something else/, JSON.stringify(change))
})

test.run()
