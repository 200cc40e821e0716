import type { Known } from './known.ts'

/** The same for the files of src/pricing/lint. */
export const KNOWN_LINT: readonly Known[] = [
  {
    file: 'lint/boxes.ts',
    why: 'Spares work: a piece that ends where it begins is not kept.',
    changes: [
      ['from < start', /^true$|<=/],
      ['end < to', /^true$|<=/],
    ],
  },
  {
    file: 'lint/head.ts',
    why: 'The word null has no digits; nothing is at or before an unknown time.',
    changes: [
      ['text !== null', 'true'],
      ['at !== undefined', 'true'],
    ],
  },
  {
    file: 'lint/form.ts',
    why: 'The expression fits every text, all kinds of form are named, null is not handed over, and any one case folds.',
    changes: [
      ['[]', '["Stryker was here"]'],
      [/^default: return form satisfies never/, 'default:'],
      ['value === null', 'false'],
      [/\.toLowerCase\(\)$/, /\.toUpperCase\(\)$/],
    ],
  },
  {
    file: 'lint/findings.ts',
    why: 'Every sentence is in the table and every name it has is given; the parts of a sentence are odd in number.',
    changes: [
      ['[sentence]', '[]'],
      ["''", '"Stryker was here!"'],
      ['index < parts.length', 'index <= parts.length'],
    ],
  },
  {
    file: 'lint/losses.ts',
    why: 'A text in place of an element or a box meets nothing; the rest is asked by the compiler or spares work. The boxes of an element differ in the time of day only.',
    changes: [
      ['[]', '["Stryker was here"]'],
      ['late.length === 0', 'false'],
      ['flat !== undefined', 'true'],
      ['boxes.every(isLate)', 'boxes.some(isLate)'],
    ],
  },
  {
    file: 'lint/gaps.ts',
    why: 'A text in place of a box meets nothing; an element without restrictions has boxes; the compiler asks for the rest.',
    changes: [
      ['[]', '["Stryker was here"]'],
      ['restrictions === null', 'false'],
      [/\.get\(type\)\?\.pointer$/, /\.get\(type\)\.pointer$/],
    ],
  },
  {
    file: 'lint/lint.ts',
    why: 'Nobody names the tariff itself. Steps that are used up to the very last one are left to chance.',
    changes: [
      ["'tariff'", '""'],
      ['reach.stepsLeft < 0', 'reach.stepsLeft <= 0'],
    ],
  },
  {
    file: 'lint/report.ts',
    why: 'What is searched after the beginning is not found at 0; the table has its own keys only.',
    changes: [
      ['end < 0', 'end <= 0'],
      ['Object.keys(LINT_RULES).filter(isCode)', 'Object.keys(LINT_RULES)'],
    ],
  },
]
