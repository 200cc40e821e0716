import { readTime, writeTime } from '../primitives.ts'
import type { Json, StepWork } from './define.ts'
import { changeMember } from './members.ts'
import type { Part } from './members.ts'

const TIME = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})?$/

/** 2.1.1 times have neither fractions nor offsets; no designator means UTC everywhere, Z says so. */
export const timeDown: Part = (value, work) => {
  const match = typeof value === 'string' ? TIME.exec(value) : null
  if (match === null) return value
  const [, seconds, fraction, zone] = match
  if (fraction === undefined && zone === 'Z') return value
  const isUtc = zone === undefined || zone === 'Z'
  const time = isUtc ? undefined : readTime(value)
  if (time === null) return value
  const reasons = [
    ...(fraction === undefined ? [] : ['has no fraction of a second']),
    ...(zone === 'Z' ? [] : ['is written with Z']),
  ]
  work.lose('', `${reasons.join(' and ')} in 2.1.1`)
  return time === undefined ? `${seconds}Z` : `${writeTime(time).slice(0, 19)}Z`
}

/** Writes the times of these members as 2.1.1 does. */
export function writeTimesDown(draft: Json, work: StepWork, names: readonly string[]): void {
  for (const name of names) changeMember(draft, work, { name, part: timeDown })
}
