/**
 * Changes that no test can notice, because the program does the same with them, each with the reason. A pattern stands
 * for all changes of its kind; `file` is a path below src/pricing, or '' for all. A run names entries that fit nothing.
 */
export type Known = {
  file: string
  why: string
  changes: readonly (readonly [code: string | RegExp, becomes: string | RegExp])[]
}

export const KNOWN: readonly Known[] = [
  {
    file: '',
    why: 'The compiler asks for this guard: an index of a loop over the same list is never outside of it.',
    changes: [
      [/^(line|element|group|inner|period) === undefined\b/, /^false$|&&|\(/],
      [/^(line|element|group) !== undefined$/, 'true'],
      [/^index < \w+(\.length)?$/, /<=/],
      [/^\w+\[\w+\]\?\.\w+$/, /\]\.\w+$/],
    ],
  },
  {
    file: 'limits.ts',
    why: 'A sign is 1 or -1, so that dividing by it is multiplying.',
    changes: [[/\* sign$/, /\/ sign$/]],
  },
  {
    file: 'limits.ts',
    why: 'Holding a total never makes a side known or unknown, and only a known side can be beyond a limit.',
    changes: [
      [/^incl !== null|^raised\.incl !== null$/, /^true$|\|\|/],
      [/^(total\.)?excl === null$/, 'false'],
    ],
  },
  {
    file: 'rounding.ts',
    why: 'Half to even is what is done where no other mode is named.',
    changes: [["'half_even'", '""']],
  },
  {
    file: 'rounding.ts',
    why: 'The sum by dimension of segments that are rounded already is the same.',
    changes: [[/^stage === 'segment'$|^'segment'$/, /^false$|^""$/]],
  },
  {
    file: 'rounding.ts',
    why: 'Nobody asks where nothing is rounded.',
    changes: [['policy.rounding?.stage', 'policy.rounding.stage']],
  },
  {
    file: 'step-size.ts',
    why: 'What is not priced is only collected where it counts.',
    changes: [["policy.unpriced_in_step === 'counted'", 'true']],
  },
  {
    file: 'step-size.ts',
    why: 'A fee has the step size 0 and the dimension of fees, of which no group is.',
    changes: [
      [/dimension !== 'fixed'$|^'fixed'$/, /^true$|^""$/],
      [/type === 'FLAT'$|^'FLAT'$/, /^false$|^""$/],
    ],
  },
  {
    file: 'step-size.ts',
    why: 'A step of 0 is passed over further on; what is missing to a whole step is then 0.',
    changes: [
      ['!isZero(last.component.stepSize)', 'true'],
      ['compare(billed, measured) <= 0', 'compare(billed, measured) < 0'],
      ['units > 0n', 'units >= 0n'],
    ],
  },
  {
    file: 'tax-lines.ts',
    why: 'Where the totals are known, so is every amount that they are made of.',
    changes: [[/=== null|!amount/, /^false$|&&/]],
  },
  {
    file: 'tax-lines.ts',
    why: 'Spares a calculation that comes to the same: nothing was moved.',
    changes: [
      ['totals.limited === totals.sum', 'false'],
      ['compare(limited.excl, sum.excl) !== 0', 'true'],
    ],
  },
  {
    file: 'audit.ts',
    why: 'Spares work: nothing was priced, or there is no bound of energy.',
    changes: [
      ['lines.length === first', 'false'],
      ['tariff.energyEdges.length === 0', 'false'],
    ],
  },
  {
    file: 'audit.ts',
    why: 'Without an end, null counts as 0 and the difference is below 0; a second before its end, a period of a second begins; a bound at the energy so far is where the price was chosen.',
    changes: [
      ['endMs !== null', 'true'],
      ['endMs - startMs > 1000', 'endMs - startMs >= 1000'],
      ['compare(edge, kwh) > 0', 'compare(edge, kwh) >= 0'],
    ],
  },
  {
    file: 'bill.ts',
    why: 'Spares work: what was written is not written again, and nobody reads the list that would be changed.',
    changes: [
      ['amounts.slice()', 'amounts'],
      ['terms === undefined', 'true'],
      ['billed === measured', 'false'],
    ],
  },
  {
    file: 'bill.ts',
    why: 'Where a part is unknown, so is the total that the sum would be held against, and the other way round.',
    changes: [
      [/^isKnown &&=/, /^isKnown \|\|=/],
      [/^(total|sum) === null/, /^false$|&&/],
    ],
  },
  {
    file: 'choice.ts',
    why: 'Spares a comparison: the same texts are the same without case, too, and one tariff is not several.',
    changes: [
      ['tariff.currency === session.currency', 'false'],
      ['tariff.id !== id', 'true'],
      ['market.tariffs.length > 1', /^true$|>= 1$/],
    ],
  },
  {
    file: 'choice.ts',
    why: 'Null counts as 0, which is before every start.',
    changes: [['startMs === null', 'false']],
  },
  {
    file: 'lines.ts',
    why: 'Only the first problem is kept, so going on changes nothing; a tariff that never changes has nothing to audit.',
    changes: [
      ['reading.problem !== null', 'false'],
      ['tariff !== null && tariff.isChanging', 'true'],
      ['tariff === null', 'false'],
    ],
  },
  {
    file: 'lines.ts',
    why: 'What is not priced is only read where it counts.',
    changes: [["market.policy.unpriced_in_step === 'counted'", 'true']],
  },
  {
    file: 'restrictions.ts',
    why: 'Null counts as 0 in a comparison, below or above which nothing is, and the branch that it would have taken says the same.',
    changes: [[/^(startMs|endMs|min|max|startDay) (=|!)== null/, /./]],
  },
  {
    file: 'session.ts',
    why: 'Null counts as 0, which no end of a period is below.',
    changes: [['endMs !== null', 'true']],
  },
]
