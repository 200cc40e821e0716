import { STEPS } from './adapt/steps.ts'
import type { Conversion, Converted, Json, Loss, Step, StepWork } from './adapt/define.ts'
import { exactNumbers, exactText, plainText } from './adapt/exact.ts'
import { dropNulls, isRecord } from './validate.ts'
import { VERSIONS } from './version.ts'
import type { Version } from './version.ts'

/**
 * Brings a parsed object or message from one version to another by the steps between neighbours, or says why the other
 * version cannot say it. Pure; never changes its input and never throws for a JSON object. The same version: the value
 * itself. Null members are left out: null means absent, and 2.1.1 does not know it. Numbers that a double cannot hold
 * are exact decimal text, in `value` as well as in the answer.
 */
export function convert(value: Json, conversion: Conversion): Converted<Json> {
  if (conversion.from === conversion.to) return { ok: true, value, losses: [] }
  const converted = runSteps(value, conversion)
  if (!converted.ok) return converted
  const plain = plainText(converted.value)
  return isRecord(plain) ? { ...converted, value: plain } : converted
}

/**
 * As `convert`, from JSON text to JSON text. The same version: the same text. Every number keeps its digits, however
 * many. Text that is no JSON object is withheld.
 */
export function convertText(text: string, conversion: Conversion): Converted<string> {
  if (conversion.from === conversion.to) return { ok: true, value: text, losses: [] }
  const value = exactNumbers(text)
  if (!isRecord(value)) {
    return { ok: false, pointer: '', reason: 'it is not a JSON object', losses: [] }
  }
  const converted = runSteps(value, conversion)
  return converted.ok ? { ...converted, value: exactText(converted.value) } : converted
}

const textMax = 250

/** What was lost in a line of at most 250 characters, for `status_message`; empty when nothing was. */
export function lossText(losses: readonly Loss[]): string {
  const [first, ...others] = losses
  if (first === undefined) return ''
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  const text = `not the same in the other version: ${first.pointer} ${first.reason}`
  return (text.length + more.length > textMax ? text.slice(0, textMax - more.length) : text) + more
}

function runSteps(value: Json, { kind, from, to, facts, partial }: Conversion): Converted<Json> {
  const losses: Loss[] = []
  let withheld: Loss | undefined
  const work: StepWork = {
    facts,
    partial: partial === true,
    lose: (pointer, reason) => losses.push({ pointer, reason }),
    withhold: (pointer, reason) => (withheld ??= { pointer, reason }),
  }
  const clean = dropNulls(value)
  let current = isRecord(clean) ? clean : value
  for (const step of stepsBetween({ kind, from, to })) {
    current = step(current, work)
    if (withheld) return { ok: false, ...withheld, losses }
  }
  return { ok: true, value: current, losses }
}

const UP = { '2.1.1': '2.1.1>2.2.1', '2.2.1': '2.2.1>2.3.0', '2.3.0': undefined } as const
const DOWN = { '2.1.1': undefined, '2.2.1': '2.2.1>2.1.1', '2.3.0': '2.3.0>2.2.1' } as const

function stepsBetween({ kind, from, to }: Pick<Conversion, 'kind' | 'from' | 'to'>): Step[] {
  const start = VERSIONS.indexOf(from)
  const end = VERSIONS.indexOf(to)
  const passed: readonly Version[] =
    start < end ? VERSIONS.slice(start, end) : VERSIONS.slice(end + 1, start + 1).reverse()
  return passed.flatMap((version) => {
    const name = start < end ? UP[version] : DOWN[version]
    const step = name && STEPS[kind][name]
    return step ? [step] : []
  })
}
