import Type from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'

const strict = { additionalProperties: false }
/** Micro-units at most, so that sums are exact. */
const amount = Type.String({ pattern: '^-?[0-9]{1,18}([.][0-9]{1,6})?$' })
const textOrNull = Type.Union([Type.String(), Type.Null()])
const amountOrNull = Type.Union([amount, Type.Null()])

/**
 * What was measured: differences in a row, added up (clearing/bias.ts). `by`: which CDRs of the pair, all or those of the
 * tariff or EVSE in `key`; `record`: all, compared with what the eMSP's own records say, not with the price; `energy` and
 * `record_energy`: all, by their energy, compared with signed meters or sessions, and with the records. `cdrs`,
 * `sum`, `slack`, `squares`: of all of them, also of those that claim too little. `threshold`: what is too little to
 * dispute. `others`: how many of them are no more than their slack. `mean` is cut to micro-units.
 */
const patternTest = Type.Object(
  {
    name: Type.Literal('cusum'),
    by: Type.Enum(['pair', 'tariff', 'evse', 'record', 'energy', 'record_energy']),
    key: textOrNull,
    from: Type.String(),
    until: Type.String(),
    cdrs: Type.Integer({ minimum: 1 }),
    sum: amount,
    mean: amount,
    threshold: amount,
    slack: amount,
    rise: amount,
    squares: Type.String({ pattern: '^[0-9]{1,30}([.][0-9]{1,12})?$' }),
    others: Type.Integer({ minimum: 0 }),
  },
  strict,
)

/** `pattern.json`: what is said of many CDRs. Amounts are exact decimal text. `test` null: nothing was measured. */
const frozenPattern = Type.Object(
  {
    code: Type.String(),
    cpo: Type.String(),
    emsp: Type.String(),
    currency: Type.String(),
    statement: Type.String(),
    cdrs: Type.Integer({ minimum: 1 }),
    net: amount,
    tax: amount,
    test: Type.Union([patternTest, Type.Null()]),
  },
  strict,
)

/**
 * A CDR in `cdrs.json`, null where it is not known. `claim` and `price`: without tax, by the CDR and by its tariff;
 * `record`: by the eMSP; `energy`: the kWh in the CDR, those of who else says it, and what those in the CDR cost;
 * `difference`: the claim, or the cost of the energy, less what it is compared with; `net` and `tax`: what is disputed of it.
 * `sha256`: of the bytes as sent; `content_hash`: as in the receipt of a CDR. The tariff itself stands in `tariffs.json`, by its hash.
 */
const patternLine = Type.Object(
  {
    cdr: textOrNull,
    start: textOrNull,
    currency: Type.String(),
    claim: amountOrNull,
    price: amountOrNull,
    record: amountOrNull,
    energy: Type.Union([
      Type.Object({ billed: amount, other: amount, cost: amount }, strict),
      Type.Null(),
    ]),
    difference: amountOrNull,
    net: amount,
    tax: amount,
    sha256: textOrNull,
    content_hash: textOrNull,
    tariff: Type.Union([
      Type.Object({ id: Type.String(), last_updated: textOrNull, sha256: Type.String() }, strict),
      Type.Null(),
    ]),
  },
  strict,
)

export type PatternTest = Static<typeof patternTest>
export type FrozenPattern = Static<typeof frozenPattern>
export type PatternLine = Static<typeof patternLine>

/** What can be read as `pattern.json`, and as `cdrs.json`. */
export const patternFile = Compile(frozenPattern)
export const patternLines = Compile(Type.Array(patternLine))
