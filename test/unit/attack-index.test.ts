import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFixture } from '../helpers/bad-input.ts'

// The attacks T1 to T59 of the threat model and the rows 1 to 76 of the catalogue of bad input: each has a test whose name
// carries its number (`T25: …`, `row 41: …`), or cases in fixtures/bad-input.json. The runner fails what does not run.

const folder = fileURLToPath(new URL('..', import.meta.url))

/** The texts that begin a line or an argument of every test file: names of tests, and keys of tables of them. */
function names(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /^(conformance|e2e|fault)\/.*\.test\.ts$/.test(name))
    .flatMap((name) => {
      const text = readFileSync(path.join(folder, name), 'utf8')
      return [...text.matchAll(/^\s*(?:\w+\(\s*)?(['"`])(.*?)\1/gm)].map((match) => match[2] ?? '')
    })
}

function numbersIn(texts: readonly string[], pattern: RegExp): Set<number> {
  return new Set(
    texts.flatMap((text) => [...text.matchAll(pattern)].map((each) => Number(each[1]))),
  )
}

const texts = [...names(), ...readFixture().cases.map(({ from }) => from)]

test('every attack of the threat model has a test that carries its number', () => {
  const shown = numbersIn(texts, /\bT(\d{1,2})\b/g)
  const missing = Array.from({ length: 59 }, (_, index) => index + 1).filter(
    (number) => !shown.has(number),
  )
  assert.equal(missing, [])
})

test('every row of the catalogue of bad input has a test or a case that carries its number', () => {
  const shown = numbersIn(texts, /\brow (\d{1,2})\b/g)
  const missing = Array.from({ length: 76 }, (_, index) => index + 1).filter(
    (number) => !shown.has(number),
  )
  assert.equal(missing, [])
})

test.run()
