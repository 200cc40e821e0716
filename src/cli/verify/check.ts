import type { Decimal } from '../../clearing/decimal.ts'
import { absolute, readDecimal, textOf } from '../../clearing/decimal.ts'
import { isRecord } from '../../clearing/read.ts'
import type { Comparing, StatedMoney } from './stated.ts'
import { isLeftOut, readStated } from './stated.ts'
import { roundedTo } from './rounding.ts'

/** One expectation of a case beside what we say. */
export type Check = {
  readonly item: string
  readonly expected: string
  readonly computed: string
  readonly agrees: boolean
}

/** What a case expects and we did not look at, and why. */
export type Unchecked = { readonly item: string; readonly why: string }

/** What came of one case. `beyond`: what we find and the source does not, which is no fault. */
export type Checked = {
  readonly checks: readonly Check[]
  readonly unchecked: readonly Unchecked[]
  readonly beyond: readonly string[]
}

/** Collects checks; a figure counts after rounding both sides as the case says. */
export type Sheet = {
  readonly checks: Check[]
  readonly unchecked: Unchecked[]
  readonly beyond: string[]
  readonly comparing: Comparing
}

export function newSheet(comparing: Comparing): Sheet {
  return { checks: [], unchecked: [], beyond: [], comparing }
}

/** Compares one amount of money. Null expected: not stated, nothing to compare. Null computed: we do not know it. */
function checkAmount(
  { checks, comparing }: Sheet,
  item: string,
  { expected, computed }: { expected: Decimal | null; computed: string | null },
): void {
  if (expected === null) return
  const own = computed === null ? null : readDecimal(computed)
  const wanted = roundedTo(expected, comparing)
  const found = own === null ? null : roundedTo(own, comparing)
  checks.push({
    item,
    expected: textOf(expected),
    computed: found === null ? 'unknown' : textOf(found),
    agrees: found !== null && absolute(found - wanted) <= comparing.tolerance,
  })
}

/** Compares both sides of an amount. Answers what the source states, for what hangs on it. */
export function checkMoney(
  sheet: Sheet,
  item: string,
  {
    expected,
    computed,
  }: { expected: unknown; computed: { excl: string | null; incl: string | null } },
): StatedMoney {
  const stated = readStated(expected)
  checkAmount(sheet, `${item} before taxes`, { expected: stated.excl, computed: computed.excl })
  checkAmount(sheet, `${item} after taxes`, { expected: stated.incl, computed: computed.incl })
  for (const name of stated.unread) {
    const value = isRecord(expected) ? expected[name.slice(1)] : expected
    checkUnreadable(sheet, { item: `${item}${name}`, value })
  }
  return stated
}

/** Words that leave a figure out are told; any other text where a figure belongs is a slip that must not pass a gate. */
export function checkUnreadable(
  { checks, unchecked }: Sheet,
  { item, value }: { item: string; value: unknown },
): void {
  if (isLeftOut(value)) unchecked.push({ item, why: 'states no figure' })
  else checks.push({ item, expected: 'a figure', computed: 'not compared', agrees: false })
}

/** Compares words. */
export function checkText(
  { checks }: Sheet,
  item: string,
  { expected, computed, agrees }: { expected: string; computed: string; agrees?: boolean },
): void {
  checks.push({ item, expected, computed, agrees: agrees ?? expected === computed })
}
