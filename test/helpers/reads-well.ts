import * as assert from 'uvu/assert'

/** Units that a number with decimals may have; anything else would be an amount without its currency. */
const UNITS = '[A-Z]{3}|kWh|kW|h|km/h|km|%|days?|min|s'

/** What no text for a finance person may hold, and what to say instead. */
const FAULTS: readonly (readonly [RegExp, string])[] = [
  [/[{}]|\bundefined\b|\bnull\b|NaN|Infinity|\[object/, 'a word is missing'],
  [/\d{4}-\d\d-\d\dT\d/, 'a time is written for machines: say it by the clock of the place'],
  [/\d\d:\d\d(?!:?\d|Z? ?[A-Za-z(+])/, 'a time of day has no zone'],
  [/\b[a-z]+_[a-z_]+\b/, 'a name of OCPI stands for words: put it in brackets behind them'],
  [/\b[A-Z]+_[A-Z_]+\b/, 'a constant stands for words'],
  [/\b[ACDGPQRSTVXZ]\d{1,2}\b/, 'a code stands for its title'],
  [/(?:^|\s)\/[a-z]/, 'a JSON pointer stands for words'],
  [
    new RegExp(`(?<![\\w.,:-])\\d+\\.\\d+(?![\\d.])(?! ?(?:${UNITS})\\b| ?%| ×)`),
    'a number has no unit',
  ],
  [/\d\.\d{7}/, 'a number is finer than anybody reads'],
  [/\b\d{3,} (?:min|minutes|s|seconds)\b/, 'a time is not in hours or days'],
  [/(?<![\d.,-])1 (?:days|hours|minutes|CDRs|sessions|records|files)\b/, 'one is not many'],
  [
    / {2}|\.\.(?!\.)| [,.;:]|\bthe the\b|\bthe CDR the CDR\b/i,
    'a sentence was put together wrongly',
  ],
]

/** A text that people read has words for everything: codes and names of OCPI at most in brackets behind them. */
export function readsWell(text: string): void {
  assert.is(faultOf(text), null)
}

/** What is wrong with a text, with the text; null: nothing. */
export function faultOf(text: string): string | null {
  const bare = text.replace(/ \((?:[a-z_0-9]+(?:, )?)+\)| \([A-Z]\d{1,2}\)/g, '')
  const found = FAULTS.find(([fault]) => fault.test(bare))
  return found === undefined ? null : `${found[1]}: ${text}`
}
