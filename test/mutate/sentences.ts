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

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'sentences',
    value: {
      shouldIgnore: ({ node }: { node: Node }): string | undefined =>
        WORDS.test(textOf(node)) ? 'a sentence for people' : undefined,
    },
  },
]
