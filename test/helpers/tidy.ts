// The rules of tidy as functions of parsed files: they return what breaks them, in words.
import type { Import, Source } from './source.ts'

export const fileLinesMax = 300
export const functionLinesMax = 70

/** Files of data: their length is no complexity. */
export const dataFiles = new Set([
  'config/currencies.ts',
  'config/limits.ts',
  'src/clearing/rules.ts',
  'src/pricing/lint/rules.ts',
  'src/pricing/lint/reference-table.ts',
])

/** What a rule does not apply to, and why. Every entry must still be needed. */
export const exceptions: { file: string; word: string; why: string }[] = [
  { file: 'config/env.ts', word: 'process.env', why: 'the only reader of the environment' },
]

/** Files that a command starts: they may read the settings and the clock, and nobody imports what they export. */
export const isEntry = (file: string): boolean =>
  /^(src|workers)\/(.*\/)?((.+-)?main|demo)\.ts$/.test(file)

const parts = ['directory', 'store', 'outbox', 'peer']
const money = ['ocpi', 'pricing', 'clearing', 'ledger', 'settlement']
const hub = [...money, ...parts, 'db', 'telemetry', 'context']

/**
 * Who may import whom. A layer may always import itself, src/errors.ts, src/assert.ts and the data in config/.
 * `context` is src/context.ts; only entry files and workers may import it as more than a type.
 */
const layers: Record<string, readonly string[]> = {
  errors: [],
  assert: [],
  config: [],
  ocpi: [],
  pricing: ['ocpi'],
  db: [],
  telemetry: [],
  ledger: ['db', 'telemetry'],
  clearing: ['pricing', 'ocpi', 'db', 'telemetry'],
  settlement: ['ledger', 'db', 'telemetry'],
  directory: ['db', 'telemetry', 'ocpi'],
  store: ['db', 'telemetry', 'ocpi'],
  outbox: ['db', 'telemetry', 'ocpi'],
  peer: ['db', 'telemetry', 'ocpi'],
  hub,
  context: [...hub],
  http: ['hub', ...hub],
  console: ['http', 'hub', ...hub],
  app: ['http', 'console', 'hub', ...hub],
  main: ['app', 'http', 'console', 'hub', ...hub],
  cli: ['pricing', 'ocpi', 'clearing', 'peer'],
  sandbox: ['ocpi', 'peer'],
  workers: ['hub', ...hub],
}

/** Packages that only some layers may know. */
const packages: Record<string, readonly string[]> = {
  hono: ['http', 'console', 'app', 'sandbox'],
  '@hono/node-server': ['http', 'console', 'app', 'main', 'sandbox'],
  pg: ['db'],
  bullmq: ['workers'],
  ioredis: ['workers'],
  redis: ['directory'],
  undici: ['peer'],
  'geo-tz': ['store'],
}

export const layerOf = (file: string): string => {
  const [top = '', second = ''] = file.split('/')
  return top === 'src' ? second.replace(/\.ts$/, '') : top
}

/** The rule that an import breaks, in words, or undefined. */
export function layerFault(
  file: string,
  { target, isOurs, isTypeOnly }: Import,
): string | undefined {
  const from = layerOf(file)
  if (!isOurs) {
    if (packages[target]?.includes(from) === false)
      return `only ${packages[target]} may import ${target}`
    return undefined
  }
  if (target.startsWith('test/')) return 'nobody imports test'
  if (target === 'config/env.ts' && !isTypeOnly && !isEntry(file))
    return 'only entry files read the settings'
  const to = layerOf(target)
  if (from === to || to === 'errors' || to === 'assert' || to === 'config') return undefined
  const allowed = layers[from]
  if (!allowed) return `${from} is no layer`
  if (!allowed.includes(to))
    return `${from} may import ${allowed.join(', ') || 'no other layer'}, not ${to}`
  if (to === 'context' && from !== 'workers' && !isTypeOnly && !isEntry(file))
    return 'context is imported as a type only'
  if (from === 'pricing' && !isTypeOnly) return 'pricing may import types of ocpi only'
  return undefined
}

export function bannedFaults({ file, banned }: Source): string[] {
  const isExcepted = (word: string): boolean =>
    exceptions.some((each) => each.file === file && each.word === word) ||
    (isEntry(file) && ['new Date()', 'Date.now'].includes(word))
  return banned
    .filter(({ word }) => !isExcepted(word))
    .map(({ word, line }) => `${file}:${line} ${word}`)
}

export function longFunctions({ file, functions }: Source): string[] {
  return functions
    .filter(({ lines }) => lines > functionLinesMax)
    .map(({ name, line, lines }) => `${file}:${line} ${name} has ${lines} lines`)
}

/**
 * Exports that no file imports. `importers` are all files that may import them. A type that its own file uses may
 * stay: it names what an exported function takes or returns.
 */
export function unusedExports(
  exporters: readonly Source[],
  importers: readonly Source[],
): string[] {
  const used = new Map<string, Set<string>>()
  for (const { target, names } of importers.flatMap((each) => each.imports)) {
    const all = used.get(target) ?? new Set()
    for (const name of names) all.add(name)
    used.set(target, all)
  }
  return exporters
    .filter(({ file }) => !isEntry(file))
    .flatMap(({ file, exports, typesUsed }) =>
      exports
        .filter(({ name, isType }) => !(isType && typesUsed.has(name)))
        .filter(({ name }) => !used.get(file)?.has(name) && !used.get(file)?.has('*'))
        .map(({ name, line }) => `${file}:${line} ${name}`),
    )
}

/** One path for each import cycle found. */
export function importCycles(all: readonly Source[]): string[] {
  const edges = new Map(all.map((each) => [each.file, each.imports.map(({ target }) => target)]))
  const done = new Set<string>()
  const found: string[] = []
  const walk = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) found.push([...trail.slice(trail.indexOf(file)), file].join(' → '))
    if (done.has(file) || trail.includes(file)) return
    for (const target of edges.get(file) ?? [])
      if (edges.has(target)) walk(target, [...trail, file])
    done.add(file)
  }
  for (const file of edges.keys()) walk(file, [])
  return found
}

/** Names that say nothing, and names that say only that something happens. */
export const emptyName = /(Service|Manager|Helper|Util|Utils|Data|Info)$|^(handle|process)[A-Z]/
/** OCPI's own names. */
export const wireName = /^(hub)?clientinfo$|^authorization_?info$/i
