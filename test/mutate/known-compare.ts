import type { Known } from './known.ts'

/** Such changes in the files that compare a claim with a bill and look for its causes. */
export const KNOWN_COMPARE: readonly Known[] = [
  {
    file: 'claims.ts',
    why: 'What is neither a cost nor a tax is a quantity.',
    changes: [["'quantity'", '""']],
  },
  {
    file: 'compare-bounds.ts',
    why: 'The compiler asks: only costs have that item, and an item that is not wrong always has a reason.',
    changes: [
      ["claim.kind !== 'cost'", 'false'],
      ['[]', /Stryker was here/],
    ],
  },
  {
    file: 'compare-bounds.ts',
    why: 'Where two are equal, either is the end; what cannot be read has no nearest end that counts.',
    changes: [
      [/ (<|>) (b|least|most)$/, / (<|>)= /],
      ['value === null', 'false'],
    ],
  },
  {
    file: 'comparison.ts',
    why: 'Of two that are equal, either is the largest.',
    changes: [['figure > most', 'figure >= most']],
  },
  {
    file: 'figures.ts',
    why: 'The compiler asks for what stands in: that part of the text is always there.',
    changes: [["''", /Stryker was here/]],
  },
  {
    file: 'figures.ts',
    why: 'Zero is its own opposite.',
    changes: [['figure < 0n', 'figure <= 0n']],
  },
  {
    file: 'attribution-edits.ts',
    why: 'What is no text is none of the types.',
    changes: [["typeof dimension['type'] === 'string'", 'true']],
  },
  {
    file: 'attribution-policies.ts',
    why: 'The compiler asks for what stands in: every key has its values, and every value its phrase.',
    changes: [
      [/^(\[\]|'')$/, /Stryker was here/],
      ['phrases[key]?.[value]', 'phrases[key][value]'],
    ],
  },
  {
    file: 'attribution-items.ts',
    why: 'The compiler asks: a figure that differs was claimed and computed, and something is always listed.',
    changes: [
      [/^total\.(claimed|computed) === null$/, 'false'],
      ["''", /Stryker was here/],
    ],
  },
  {
    file: 'attribution.ts',
    why: 'What is not compared at all has a reason; without a currency, amounts are told like those of an unknown one.',
    changes: [["''", /Stryker was here/]],
  },
  {
    file: 'attribution-tariffs.ts',
    why: 'The compiler asks: of two changes to a bill that go together, none that comes first leaves no bill.',
    changes: [['finished === null', 'false']],
  },
]
