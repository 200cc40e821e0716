import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

/** Where the script of a slice is written, in the copy of the project whose code is mutated. */
export const BUNDLE = 'test/unit/.mutants.mjs'

const FOLDER = 'src/pricing'
const CASES = ['unit/pricing-cases', 'unit/pricing-disagreements', 'unit/pricing-']
const LAWS = ['operator', '', 'scale', 'same'].map(
  (name) => `property/pricing${name && `-${name}`}.`,
)
const PLACES = ['unit/pricing-instant', 'unit/pricing-time-zone', 'property/pricing-places']
const LINT = ['unit/lint-rules', 'unit/lint-', 'property/lint', 'unit/lint-limits']
const COMPARE = ['cdr', 'fees', 'bounds', 'figures', 'three'].map((name) => `unit/compare-${name}`)
const ATTRIBUTION = ['unit/compare-attribution', 'property/attribution']

/**
 * Part of the path of a file of src/pricing, and what the paths of the tests that know it begin with, in the order in
 * which they run: what notices most in the least time comes first. The first part that fits counts.
 */
const TESTS: readonly (readonly [part: string, tests: readonly string[]])[] = [
  ['/lint/', LINT],
  ['/attribution', ATTRIBUTION],
  ['/three-way', ['unit/compare-three', ...COMPARE]],
  ['/compar', COMPARE],
  ['/claims', COMPARE],
  ['/fees', ['unit/compare-fees', ...COMPARE]],
  ['/figures', ['unit/compare-figures', ...COMPARE, ...ATTRIBUTION]],
  ['/exact', ['unit/pricing-exact', ...CASES, ...LAWS]],
  ['/instant', ['unit/pricing-instant', ...CASES, ...LAWS, ...PLACES]],
  ['zone', ['unit/pricing-time-zone', ...CASES, ...LAWS, ...PLACES]],
  ['/policies', ['unit/pricing-policy', ...CASES, ...LAWS]],
  ['/session', [...CASES, ...LAWS, 'property/pricing-bridge']],
  ['/tariffs', [...CASES, ...LAWS, 'property/pricing-bridge']],
  ['', [...CASES, ...LAWS]],
]
/** Tests of one file alone that take long: not for the others. */
const OWN = [
  'unit/pricing-instant',
  'unit/pricing-time-zone',
  'unit/pricing-exact',
  'unit/lint-limits',
]

/** Random cases of each law: few, as there are many laws, and fewer where each case is a search. */
export function sizeOf(file: string): number {
  return /\/(attribution|compar|claims|fees|figures|three-way)/.test(file) ? 1 : 15
}

/**
 * The files of src/pricing with code, as paths; `parts`: only those whose path below it contains one of these, or begins
 * with it where it begins with a slash.
 */
export function filesOf(root: string, parts: readonly string[]): string[] {
  return readdirSync(path.join(root, FOLDER), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('types.ts'))
    .map((name) => path.posix.join('/', name.split(path.sep).join('/')))
    .filter(
      (name) =>
        parts.length === 0 ||
        parts.some((part) => (part.startsWith('/') ? name.startsWith(part) : name.includes(part))),
    )
    .map((name) => `${FOLDER}${name}`)
    .sort()
}

/** The tests that are run against the mutants of a file, in this order. */
export function testsOf(root: string, file: string): string[] {
  const wanted = TESTS.find(([part]) => file.includes(part))?.[1] ?? []
  const known = ['unit', 'property'].flatMap((kind) => {
    const folder = path.join(root, 'test', kind)
    const names = existsSync(folder) ? readdirSync(folder).sort() : []
    return names.filter((name) => name.endsWith('.test.ts')).map((name) => `${kind}/${name}`)
  })
  const found = wanted.flatMap((start) =>
    known.filter(
      (name) =>
        name.startsWith(start) && (OWN.includes(start) || !OWN.some((own) => name.startsWith(own))),
    ),
  )
  return [...new Set(found)].map((name) => `test/${name}`)
}
