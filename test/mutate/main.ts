// How much the tests of pricing notice: changes the code in thousands of small ways, one at a time, and runs them.
// Usage: npm run mutate [-- PART …], for the files of src/pricing whose path contains PART; without, for all of them.
// Exits with 1 when the tests notice fewer than nine of ten.
import { Stryker } from '@stryker-mutator/core'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { KNOWN } from './known.ts'
import { BUNDLE, filesOf, testsOf } from './slices.ts'

type Mutant = {
  file: string
  line: number
  column: number
  code: string
  becomes: string
  mutator: string
}
type Slice = { file: string; noticed: number; left: Mutant[]; ignored: number; seconds: number }

const root = path.resolve(import.meta.dirname, '../..')
const shareMin = 0.9
const folder = path.join(root, '.data/mutate')
const concurrency = Number(process.env['MUTATE_JOBS']) || 2
/** Few random cases, always the same: the laws are many, and a mutant lives or dies by the same ones each time. */
const environment = { SEED: '20250', SIZE: process.env['SIZE'] || '15', MUTATE: 'yes' }

process.exitCode = await mutate(process.argv.slice(2))

async function mutate(parts: readonly string[]): Promise<number> {
  Object.assign(process.env, environment)
  mkdirSync(folder, { recursive: true })
  const files = filesOf(root, parts)
  if (files.length === 0) {
    write(`no file of src/pricing contains ${parts.join(' or ')}`)
    return 1
  }
  const slices: Slice[] = []
  const groups = new Map<string, string[]>()
  for (const file of files) {
    const tests = testsOf(root, file).join()
    groups.set(tests, [...(groups.get(tests) ?? []), file])
  }
  for (const group of groups.values()) {
    for (const slice of await mutateFiles(group)) {
      slices.push(slice)
      write(lineOf(slice.file, slice))
      const name = slice.file.replaceAll('/', '-')
      writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(slice, null, 1))
    }
  }
  return report(slices)
}

/** Files that the same tests know, in one run of Stryker. */
async function mutateFiles(files: readonly string[]): Promise<Slice[]> {
  const started = performance.now()
  const stryker = new Stryker({
    mutate: [...files],
    configFile: path.join(root, 'test/mutate/stryker.json'),
    buildCommand: `node --import tsx test/mutate/bundle.ts ${files[0]}`,
    commandRunner: { command: `node ${BUNDLE}` },
    concurrency,
  })
  const results = await stryker.runMutationTest()
  const seconds = (performance.now() - started) / 1000
  return files.map((file) => {
    const own = results.filter(({ fileName }) => path.resolve(root, fileName).endsWith(`/${file}`))
    return sliceOf(file, { results: own, seconds: (seconds * own.length) / results.length || 0 })
  })
}

type Result = Awaited<ReturnType<Stryker['runMutationTest']>>[number]

function sliceOf(
  file: string,
  { results, seconds }: { results: readonly Result[]; seconds: number },
): Slice {
  const text = readFileSync(path.join(root, file), 'utf8').split('\n')
  const slice: Slice = { file, noticed: 0, left: [], ignored: 0, seconds }
  for (const { status, location, replacement, mutatorName } of results) {
    if (status === 'Killed' || status === 'Timeout') slice.noticed += 1
    else if (status === 'Survived' || status === 'NoCoverage') {
      const { start, end } = location
      slice.left.push({
        file,
        line: start.line,
        column: start.column,
        code: between(text, { start, end }),
        becomes: oneLine(replacement ?? ''),
        mutator: mutatorName,
      })
    } else slice.ignored += 1
  }
  return slice
}

type Place = { line: number; column: number }

function between(lines: readonly string[], { start, end }: { start: Place; end: Place }): string {
  const picked = lines.slice(start.line - 1, end.line)
  const last = picked.length - 1
  return oneLine(
    picked
      .map((text, index) => (index === last ? text.slice(0, end.column - 1) : text))
      .map((text, index) => (index === 0 ? text.slice(start.column - 1) : text))
      .join(' '),
  )
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 100 ? `${line.slice(0, 97)}...` : line
}

/** Prints what was not noticed and the sums; answers the exit code. */
function report(slices: readonly Slice[]): number {
  const left = slices.flatMap((slice) => slice.left)
  const used = new Set<readonly [string, string]>()
  const files = new Set(slices.map(({ file }) => file))
  let explained = 0
  if (left.length > 0) write('\nnot noticed:')
  for (const mutant of left) {
    const { file, line, column, code, becomes, mutator } = mutant
    write(`${file}:${line}:${column} ${mutator}: ${code} → ${becomes}`)
    const known = explanationOf(mutant)
    if (known === null) continue
    explained += 1
    used.add(known.change)
    write(`    ${known.why}`)
  }
  for (const { file, changes } of KNOWN.filter((known) => files.has(known.file)))
    for (const change of changes)
      if (!used.has(change)) write(`no longer left: ${file}: ${change.join(' → ')}`)
  const sum = (count: (slice: Slice) => number): number =>
    slices.reduce((total, slice) => total + count(slice), 0)
  const all = {
    noticed: sum(({ noticed }) => noticed),
    left,
    ignored: sum(({ ignored }) => ignored),
    seconds: sum(({ seconds }) => seconds),
  }
  write(`\n${lineOf('all', all)}`)
  write(`${explained} of ${left.length} not noticed cannot be, as known.ts explains`)
  return all.noticed >= shareMin * (all.noticed + left.length) ? 0 : 1
}

function explanationOf({ file, code, becomes }: Mutant) {
  for (const { file: at, why, changes } of KNOWN) {
    if (at !== file) continue
    const change = changes.find(([from, to]) => from === code && (to === '*' || to === becomes))
    if (change) return { why, change }
  }
  return null
}

function lineOf(name: string, slice: Omit<Slice, 'file'>): string {
  const total = slice.noticed + slice.left.length
  const share = total === 0 ? 100 : (slice.noticed * 100) / total
  const counts = `${slice.noticed} of ${total}`.padStart(14)
  const texts = slice.ignored === 0 ? '' : `  ${slice.ignored} texts aside`
  return `${name.padEnd(42)} ${share.toFixed(1).padStart(6)} % ${counts} ${slice.seconds.toFixed(0).padStart(6)} s${texts}`
}

function write(text: string): void {
  process.stdout.write(`${text}\n`)
}
