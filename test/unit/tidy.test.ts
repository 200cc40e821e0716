import { readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { filesBelow, parseSource, readSource, root } from '../helpers/source.ts'
import {
  bannedFaults,
  dataFiles,
  emptyName,
  exceptions,
  fileLinesMax,
  functionLinesMax,
  importCycles,
  layerFault,
  layerOf,
  longFunctions,
  unusedExports,
  wireName,
} from '../helpers/tidy.ts'

const files = filesBelow(['src', 'workers', 'config'])
const sources = files.map(readSource)
const testSources = filesBelow(['test']).map(readSource)

const none = (faults: readonly string[]): void => {
  const message = [`${faults.length} found:`, ...faults].join('\n    ')
  // Without its stack: the message is all there is to say.
  if (faults.length > 0) throw Object.assign(new Error(message), { stack: '' })
}

const tidy = suite('tidy')

tidy('layers import only what they may', () => {
  none(
    sources.flatMap(({ file, imports }) =>
      imports.flatMap((each) => {
        const fault = layerFault(file, each)
        return fault ? [`${file} imports ${each.target}: ${fault}`] : []
      }),
    ),
  )
})

tidy('the command line reaches no database', () => {
  const edges = new Map(
    sources.map((each) => [
      each.file,
      each.imports.filter((to) => !to.isTypeOnly).map((to) => to.target),
    ]),
  )
  const reached = new Set(files.filter((file) => layerOf(file) === 'cli'))
  for (const file of reached) for (const target of edges.get(file) ?? []) reached.add(target)
  none([...reached].filter((file) => layerOf(file) === 'db' || file === 'pg'))
})

tidy('no import cycles', () => none(importCycles(sources)))

tidy(`files have at most ${fileLinesMax} lines`, () => {
  const scripts = filesBelow(['config'], '.mjs').map((file) => ({
    file,
    lines: readFileSync(path.join(root, file), 'utf8').trimEnd().split('\n').length,
  }))
  none(
    [...sources, ...testSources, ...scripts]
      .filter(({ file, lines }) => lines > fileLinesMax && !dataFiles.has(file))
      .map(({ file, lines }) => `${file} has ${lines} lines`),
  )
})

tidy(`functions have at most ${functionLinesMax} lines`, () => none(sources.flatMap(longFunctions)))

tidy('banned words', () => none(sources.flatMap(bannedFaults)))

tidy('every exception is still needed', () => {
  none(
    exceptions
      .filter(
        ({ file, word }) =>
          !sources.some((each) => each.file === file && each.banned.some((b) => b.word === word)),
      )
      .map(({ file, word }) => `${file} does not use ${word}`),
  )
})

tidy('every export is imported somewhere', () =>
  none(unusedExports(sources, [...sources, ...testSources])),
)

tidy('no barrels: files re-export nothing of others', () => {
  none(
    files.filter((file) =>
      /^export (type )?(\*|\{[^}]*\}) from /m.test(readFileSync(path.join(root, file), 'utf8')),
    ),
  )
})

tidy('files are kebab-case', () => {
  none(
    [...files, ...testSources.map(({ file }) => file)].filter(
      (file) => !/^[a-z0-9/-]+(\.test)?\.ts$/.test(file),
    ),
  )
})

tidy('exported names say what they are', () => {
  none(
    sources.flatMap(({ file, exports }) =>
      exports
        .filter(({ name }) => emptyName.test(name) && !wireName.test(name))
        .map(({ name, line }) => `${file}:${line} ${name}`),
    ),
  )
})

/** Each rule bites: without these, a rule that finds nothing at all would stay green. */
const bites = suite('tidy bites')

const faultOf = (file: string, text: string): string | undefined => {
  const [first] = parseSource(file, text).imports
  return first && layerFault(file, first)
}

bites('forbidden imports', () => {
  const forbidden = [
    ['src/ocpi/a.ts', "import { x } from '../db/sql.ts'"],
    ['src/pricing/a.ts', "import { x } from '../ocpi/version.ts'"],
    ['src/ledger/a.ts', "import type { X } from '../ocpi/version.ts'"],
    ['src/store/a.ts', "import { x } from '../outbox/b.ts'"],
    ['src/sandbox/a.ts', "import { x } from '../pricing/b.ts'"],
    ['src/store/a.ts', "import type { Context } from '../context.ts'"],
    ['src/hub/a.ts', "import { createContext } from '../context.ts'"],
    ['src/hub/a.ts', "import { readConfig } from '../../config/env.ts'"],
    ['workers/a.ts', "import { x } from '../src/http/b.ts'"],
    ['src/hub/a.ts', "import { Hono } from 'hono'"],
    ['src/hub/a.ts', "const pg = await import('pg')"],
    ['src/http/a.ts', "import { Queue } from 'bullmq'"],
    ['src/hub/a.ts', "import { x } from '../../test/helpers/seed.ts'"],
    ['src/misc/a.ts', "import { x } from '../db/sql.ts'"],
  ] as const
  none(
    forbidden
      .filter(([file, text]) => !faultOf(file, text))
      .map(([file, text]) => `${file}: ${text}`),
  )
  assert.is(faultOf('src/pricing/a.ts', "import type { X } from '../ocpi/version.ts'"), undefined)
  assert.is(faultOf('src/hub/a.ts', "import type { Context } from '../context.ts'"), undefined)
})

bites('banned words', () => {
  const lines = [
    'console.log(1)',
    'process.env.X',
    'Date.now()',
    'new Date()',
    'let a: any',
    'b!.c',
    'd as string',
    'export default 1',
    'enum E { A }',
    'namespace N { export const a = 1 }',
  ]
  const found = lines.map((line) => bannedFaults(parseSource('src/hub/a.ts', line)).length)
  assert.equal(
    found,
    lines.map(() => 1),
  )
  const allowed = "const a = ['x'] as const; new Date(5); // console.log, any\nconst b = 'Date.now'"
  none(bannedFaults(parseSource('src/hub/a.ts', allowed)))
})

bites('long functions, unused exports and cycles', () => {
  const long = `export function long() {\n${'  x()\n'.repeat(functionLinesMax)}}`
  const a = parseSource('src/hub/a.ts', `import { b } from './b.ts'\n${long}`)
  const b = parseSource('src/hub/b.ts', "import { long } from './a.ts'\nexport const b = 1, c = 2")
  assert.equal(longFunctions(a), [`src/hub/a.ts:2 long has ${functionLinesMax + 2} lines`])
  assert.equal(unusedExports([a, b], [a, b]), ['src/hub/b.ts:2 c'])
  assert.equal(importCycles([a, b]), ['src/hub/a.ts → src/hub/b.ts → src/hub/a.ts'])
})

tidy.run()
bites.run()
