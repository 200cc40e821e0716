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
    file: 'price.ts',
    why: 'With a known place, or with another problem, the same bill or problem comes out of the longer way.',
    changes: [
      [/placed\.zone === null$/, 'true'],
      [/priced\.code !== 'time_zone'$/, /^false$|&&/],
      ['reading.problem !== null', 'false'],
    ],
  },
  {
    file: 'price.ts',
    why: 'There is always a bill for some offset; of two with the same total, either is the dearest.',
    changes: [
      [/^(low|high) (=|!)== undefined/, /./],
      ['compareTotals(bill, high) > 0', 'compareTotals(bill, high) >= 0'],
    ],
  },
  {
    file: 'price.ts',
    why: 'The same tariffs leave a side unknown at every offset.',
    changes: [[/^[ab] === null/, /^false$|&&/]],
  },
  {
    file: 'price.ts',
    why: 'Without a reading that counts them there are no lines of nothing; without a tariff there is no limit.',
    changes: [
      ["policy.empty_volume_step !== 'skipped'", 'true'],
      ["'skipped'", '""'],
      [/^limiting (=|!)== null$/, /^(true|false)$/],
    ],
  },
  {
    file: 'restrictions.ts',
    why: 'Null counts as 0 in a comparison: no time or day is below it, and the branch that is then taken says the same.',
    changes: [
      [/^(startMs|endMs) === null/, /^false$|&&/],
      [/^\{ return \(startMs === null/, '{}'],
      ['startDay !== null', 'true'],
      ['startMs < endMs', 'startMs <= endMs'],
      ['endMs < startMs', 'endMs <= startMs'],
    ],
  },
  {
    file: 'restrictions.ts',
    why: 'Spares work: local time is the same when asked again, an element that restricts nothing always applies, and no weekdays are all.',
    changes: [
      ['moment.local !== null', 'false'],
      [/isMetered/, /^false$|&&/],
      ['current === null && power === null', 'false'],
      [/'day_of_week'\) === undefined$/, 'false'],
    ],
  },
  {
    file: 'restrictions.ts',
    why: 'Asked only where the local time is known; what is no text is no weekday; no session lasts so long.',
    changes: [
      ['local === null', 'false'],
      ['false', 'true'],
      ["typeof day === 'string'", 'true'],
      ['compare(ms, MS_MAX) > 0', /./],
    ],
  },
  {
    file: 'rounding.ts',
    why: 'Both are known or both are not.',
    changes: [[/^(a|b|added|clamp) === null/, /^false$|&&/]],
  },
  {
    file: 'session.ts',
    why: 'Null counts as 0, which no end of a period is below; a period of no time takes none; a length from an unknown end is far from every volume.',
    changes: [
      [/^endMs (=|!)== null$/, /^(true|false)$/],
      ['endMs > startMs', 'endMs >= startMs'],
    ],
  },
  {
    file: 'session.ts',
    why: 'Whether nothing but reserved time was used is only asked of a session with reserved time.',
    changes: [['false', 'true']],
  },
  {
    file: 'volumes.ts',
    why: 'What has no type, or one that is no text, is none of the priced dimensions.',
    changes: [[/typeof type !== 'string'$/, /^false$|&&/]],
  },
  {
    file: 'policies.ts',
    why: 'The compiler asks for what cannot happen; keys with a rule of their own were looked at before.',
    changes: [
      [/^isName\(name\)|^problemOf\(rest\)/, /./],
      ["typeof name === 'string'", 'true'],
      ["''", '"Stryker was here!"'],
    ],
  },
  {
    file: 'reading.ts',
    why: 'What stands in for a value that could not be read is on no bill, as the bill is refused.',
    changes: [[/^(''|\[\])$/, /Stryker was here/]],
  },
  {
    file: 'time-zone.ts',
    why: 'Spares memory or work: what is forgotten, or was never remembered, is asked for again with the same answer.',
    changes: [
      [/\.size >= limits\./, /./],
      [/^name\.length > /, /./],
      ['known !== undefined', 'false'],
      ['offset === undefined', 'true'],
    ],
  },
  {
    file: 'time-zone.ts',
    why: 'Node 20 itself knows no zone whose name begins with a sign; newer ones do. Digits that are absent count as 0.',
    changes: [
      [/A-Za-z/, /./],
      ["'0'", '""'],
    ],
  },
  {
    file: 'exact.ts',
    why: 'Spares work: a power that is not in the table is calculated, and the usual number or sum takes the long way to the same answer.',
    changes: [
      ['{ length: 128 }', '{}'],
      [/^\(_, exponent\) =>/, /./],
      [/^typeof value === 'number' &&/, 'false'],
      ['Math.abs(value) <= VALUE_MAX', 'Math.abs(value) < VALUE_MAX'],
      [/^a\.over === null && a\.decimals <= decimals$/, 'false'],
      ['a.decimals <= decimals', 'a.decimals < decimals'],
      ['decimals === b.decimals', 'false'],
    ],
  },
  {
    file: 'exact.ts',
    why: 'The two differ only where both sides are equal, or for a divisor of 0 or a point in front, and there it comes to the same.',
    changes: [
      [/ (<|>) (0n?|b\.decimals|OVER_MAX)$/, / (<|>)= /],
      [/\(divisor < 0n \? -1n : 1n\)$/, /\/ \(divisor/],
      ["'half_even'", '""'],
    ],
  },
]
