import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

/** Where the script of a slice is written, in the copy of the project whose code is mutated. */
export const BUNDLE = 'test/unit/.mutants.mjs'

const FOLDER = 'src/pricing'

/** Part of the path of a file of src/pricing, and the tests that know it; the first part that fits counts. */
const TESTS: readonly (readonly [part: string, tests: readonly RegExp[]])[] = [
  ['/lint/', [/unit\/lint/, /property\/lint/]],
  ['/attribution', [/unit\/compare-attribution/, /unit\/compare/, /unit\/attribution/]],
  ['/three-way', [/unit\/compare-three/, /unit\/three-way/, /unit\/compare/]],
  ['/claims', [/unit\/compare/, /property\/pricing-operator/]],
  ['/compar', [/unit\/compare/, /property\/pricing-operator/]],
  ['/fees', [/unit\/compare-fees/, /unit\/compare/, /property\/pricing-operator/]],
  ['/figures', [/unit\/compare/, /unit\/lint/]],
  ['', [/unit\/pricing/, /property\/pricing/]],
]

/** The files of src/pricing with code, as paths below it; `parts`: only those that contain one of these. */
export function filesOf(root: string, parts: readonly string[]): string[] {
  return readdirSync(path.join(root, FOLDER), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.posix.join(FOLDER, name.split(path.sep).join('/')))
    .filter(
      (file) =>
        parts.length === 0 || parts.some((part) => file.slice(FOLDER.length).includes(part)),
    )
    .sort()
}

/** The tests that are run against the mutants of a file: those of its name first, then as listed, unit tests first. */
export function testsOf(root: string, file: string): string[] {
  const patterns = TESTS.find(([part]) => file.includes(part))?.[1] ?? []
  const known = ['unit', 'property'].flatMap((kind) => {
    const folder = path.join(root, 'test', kind)
    const names = existsSync(folder) ? readdirSync(folder).sort() : []
    return names.filter((name) => name.endsWith('.test.ts')).map((name) => `test/${kind}/${name}`)
  })
  const own = `-${path.basename(file, '.ts')}.test.ts`
  const listed = patterns.flatMap((pattern) => known.filter((name) => pattern.test(name)))
  return [...new Set([...listed.filter((name) => name.endsWith(own)), ...listed])]
}
