import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * Tells Stryker which texts are not worth a mutant: sentences for people, such as what a note or a finding says. No test
 * should repeat their words. Everything else that is quoted (codes, names of fields, values) is mutated.
 */
type Node = { type: string; value?: unknown; quasis?: { value: { raw: string } }[] }

const WORDS = /[a-z]{2,} [a-z%0-9]+ [a-z%0-9]/i

function textOf({ type, value, quasis = [] }: Node): string {
  if (type === 'StringLiteral' && typeof value === 'string') return value
  return type === 'TemplateLiteral' ? quasis.map((quasi) => quasi.value.raw).join('x') : ''
}

type Place = { line: number; column: number }

/** A change to the code and what became of it, as Stryker reports it. */
export type Tested = {
  status: string
  fileName: string
  location: { start: Place; end: Place }
  replacement?: string | undefined
  mutatorName: string
}

export const isNotNoticed = ({ status }: Tested): boolean =>
  status === 'Survived' || status === 'NoCoverage'

/** The changed code and what it becomes, each in at most a line. */
export function wordsOf({ fileName, location, replacement = '' }: Tested) {
  const { start, end } = location
  const picked = readFileSync(fileName, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line)
  const last = picked.length - 1
  const code = picked
    .map((text, index) => (index === last ? text.slice(0, end.column - 1) : text))
    .map((text, index) => (index === 0 ? text.slice(start.column - 1) : text))
    .join(' ')
  return { code: oneLine(code), becomes: oneLine(replacement) }
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 100 ? `${line.slice(0, 97)}...` : line
}

const folder = path.resolve(import.meta.dirname, '../../.data/mutate')

/** Notes what is not noticed while the run goes on: a long one can be read, and stopped, before its end. */
function onMutantTested(tested: Tested): void {
  if (!isNotNoticed(tested)) return
  const { code, becomes } = wordsOf(tested)
  const file = path.relative(path.resolve(folder, '../..'), path.resolve(tested.fileName))
  mkdirSync(folder, { recursive: true })
  appendFileSync(
    path.join(folder, 'left.log'),
    `${file}:${tested.location.start.line} ${code} → ${becomes}\n`,
  )
}

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'sentences',
    value: {
      shouldIgnore: ({ node }: { node: Node }): string | undefined =>
        WORDS.test(textOf(node)) ? 'a sentence for people' : undefined,
    },
  },
  { kind: 'Reporter', name: 'left', value: { onMutantTested } },
]
