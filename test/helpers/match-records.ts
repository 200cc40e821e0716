// Records for the matching tests: sound ones, and what the other side may have made of them.
import fc from 'fast-check'
import type { MatchRecord } from '../../src/clearing/matching/types.ts'

export const NOON = Date.UTC(2026, 5, 1, 12)
export const MINUTE = 60_000
export const KWH = 1_000_000n

/** A session of an hour and 11 kWh for 5.50 EUR that says everything but ids in common. */
export function recordOf(id: string, changes: Partial<MatchRecord> = {}): MatchRecord {
  return {
    id,
    cpo: 'NL-TNM',
    emsp: 'DE-EMA',
    isCredit: false,
    cdrId: null,
    sessionId: null,
    reference: null,
    meter: null,
    tokenUid: 'CARD1',
    contract: null,
    evse: 'NLTNME1',
    location: 'L1',
    start: NOON,
    end: NOON + 60 * MINUTE,
    energyMwh: 11n * KWH,
    moneyMicros: 5_500_000n,
    currency: 'EUR',
    ...changes,
  }
}

const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { freq: 3 })
const few = (prefix: string): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max: 2 }).map((number) => `${prefix}${number}`)

/** Records that are close to each other in everything, so that they compete. */
const crowded = fc
  .record({
    cpo: maybe(fc.constant('NL-TNM')),
    emsp: maybe(few('DE-EM')),
    isCredit: fc.boolean().map((yes) => yes && false),
    cdrId: fc.option(few('C'), { freq: 1 }),
    sessionId: fc.option(few('S'), { freq: 1 }),
    reference: fc.option(few('R'), { freq: 1 }),
    tokenUid: maybe(few('T')),
    contract: fc.option(few('K'), { freq: 1 }),
    evse: maybe(few('E')),
    location: maybe(few('L')),
    start: maybe(fc.integer({ min: 0, max: 40 }).map((step) => NOON + step * 2 * MINUTE)),
    minutes: fc.integer({ min: 0, max: 90 }),
    energy: maybe(fc.integer({ min: 0, max: 20 })),
    money: maybe(fc.integer({ min: 0, max: 10 })),
  })
  .map(({ minutes, energy, money, start, ...rest }): Omit<MatchRecord, 'id'> => ({
    ...rest,
    meter: null,
    start,
    end: start === null ? null : start + minutes * MINUTE,
    energyMwh: energy === null ? null : BigInt(energy) * KWH,
    moneyMicros: money === null ? null : BigInt(money) * 1_000_000n,
    currency: 'EUR',
  }))

/** Up to `most` records of one side with ids of their own. */
export function crowd(prefix: string, most = 8): fc.Arbitrary<MatchRecord[]> {
  return fc
    .array(crowded, { maxLength: most })
    .map((all) => all.map((each, index) => ({ id: `${prefix}${index}`, ...each })))
}
