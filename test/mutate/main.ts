// How much the tests of pricing notice: changes the code in thousands of small ways, one at a time, and runs them.
// Usage: npm run mutate [-- PART …], for the files of src/pricing whose path contains PART; without, for all of them.
// Exits with 1 when the tests notice fewer than nine of ten.
import { Stryker } from '@stryker-mutator/core'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { KNOWN_COMPARE } from './known-compare.ts'
import { KNOWN } from './known.ts'
import { KNOWN_LINT } from './known-lint.ts'
import type { Known } from './known.ts'
import { isNotNoticed, wordsOf } from './plugin.ts'
import type { Tested } from './plugin.ts'
import { BUNDLE, filesOf, sizeOf, testsOf } from './slices.ts'

type Mutant = {
  file: string
  line: number
  column: number
  code: string
  becomes: string
  mutator: string
}
type Slice = { file: string; noticed: number; left: Mutant[]; ignored: number; seconds: number }

const allKnown = [...KNOWN, ...KNOWN_COMPARE, ...KNOWN_LINT]
const root = path.resolve(import.meta.dirname, '../..')
const shareMin = 0.9
/** Several times what the tests of the slowest slice take. */
const cpuSecondsMax = 8
const folder = path.join(root, '.data/mutate')
const concurrency = Number(process.env['MUTATE_JOBS']) || 2

try {
  process.exitCode = await mutate(process.argv.slice(2))
} catch (error) {
  // Stryker has said before what the tests print when nothing is changed, or what else it could not do.
  write(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}

async function mutate(parts: readonly string[]): Promise<number> {
  mkdirSync(folder, { recursive: true })
  for (const old of ['left.log', 'copy'])
    rmSync(path.join(folder, old), { recursive: true, force: true })
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
  // The same random cases each time, so that a mutant lives or dies by the same ones.
  const size = process.env['SIZE'] || String(sizeOf(files[0] ?? ''))
  // A change may make an endless loop. Its time is that of the processor: on a busy machine, all else takes long as well.
  const command = `ulimit -t ${cpuSecondsMax} && SEED=20250 SIZE=${size} MUTATE=yes node ${BUNDLE}`
  const stryker = new Stryker({
    mutate: [...files],
    configFile: path.join(root, 'test/mutate/stryker.json'),
    buildCommand: `node --import tsx test/mutate/bundle.ts ${files[0]}`,
    commandRunner: { command },
    concurrency,
  })
  const results = await stryker.runMutationTest()
  const seconds = (performance.now() - started) / 1000
  return files.map((file) => {
    const own = results.filter(({ fileName }) => path.resolve(root, fileName).endsWith(`/${file}`))
    return sliceOf(file, { results: own, seconds: (seconds * own.length) / results.length || 0 })
  })
}

function sliceOf(
  file: string,
  { results, seconds }: { results: readonly Tested[]; seconds: number },
): Slice {
  const slice: Slice = { file, noticed: 0, left: [], ignored: 0, seconds }
  for (const tested of results) {
    const { status, location, mutatorName: mutator } = tested
    if (status === 'Killed' || status === 'Timeout') slice.noticed += 1
    else if (isNotNoticed(tested))
      slice.left.push({ file, ...location.start, ...wordsOf(tested), mutator })
    else slice.ignored += 1
  }
  return slice
}

/** Prints what was not noticed and the sums; answers the exit code. */
function report(slices: readonly Slice[]): number {
  const left = slices.flatMap((slice) => slice.left)
  const used = new Set<Known['changes'][number]>()
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
  for (const { file, changes } of allKnown.filter((known) =>
    files.has(`src/pricing/${known.file}`),
  ))
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
  for (const { file: at, why, changes } of allKnown) {
    if (at !== '' && file !== `src/pricing/${at}`) continue
    const change = changes.find(([from, to]) => fits(from, code) && fits(to, becomes))
    if (change) return { why, change }
  }
  return null
}

function fits(pattern: string | RegExp, text: string): boolean {
  return typeof pattern === 'string' ? pattern === text : pattern.test(text)
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
