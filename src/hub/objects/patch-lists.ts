import { isDeepStrictEqual } from 'node:util'
import { itemTexts } from '../../ocpi/json-text.ts'
import { readTime } from '../../ocpi/primitives.ts'
import { setMember } from '../../ocpi/splice.ts'
import { dropNulls, isRecord } from '../../ocpi/validate.ts'
import type { ParsedBody } from '../request.ts'

/**
 * A PATCH that was sent twice must not append its periods twice: with the same last_updated, periods that are already
 * the newest stored ones are left out.
 */
export function withoutRepeats(input: {
  lists: readonly string[]
  body: ParsedBody
  live: { value: unknown }
  known: Date | null
}): string {
  const { lists, body, live, known } = input
  const time = readTime(body.value.last_updated)
  if (!known || !time || time > known || !isRecord(live.value)) return body.text
  let text = body.text
  // By value, because PostgreSQL gives members back in another order; numbers as doubles on both sides.
  const sent: unknown = dropNulls(JSON.parse(text))
  for (const name of lists) {
    const added = isRecord(sent) ? sent[name] : undefined
    const stored = live.value[name]
    if (!Array.isArray(added) || !Array.isArray(stored) || added.length === 0) continue
    if (isDeepStrictEqual(stored.slice(-added.length), added)) text = setMember(text, [name], '[]')
  }
  return text
}

/**
 * 2.1.1 does not say whether a PATCH with periods holds all of them or the new ones. Both end the same: a period takes
 * the place of the stored one that began at the same time, any other follows.
 */
export function withMergedLists(input: {
  lists: readonly string[]
  text: string
  live: { original: string }
}): string {
  const { lists, live } = input
  return lists.reduce((text, name) => {
    const stored = itemTexts(live.original, [name])
    const sent = itemTexts(text, [name])
    if (!stored || !sent) return text
    return setMember(text, [name], `[${mergedByStart(stored, sent).join(',')}]`)
  }, input.text)
}

function mergedByStart(stored: readonly string[], sent: readonly string[]): string[] {
  const merged = [...stored]
  const starts = stored.map(startOf)
  for (const item of sent) {
    const start = startOf(item)
    const place = start === null ? -1 : starts.indexOf(start)
    if (place < 0) merged.push(item)
    else {
      merged[place] = item
      // A second one that began then is another one.
      starts[place] = null
    }
  }
  return merged
}

function startOf(text: string): number | null {
  const period: unknown = JSON.parse(text)
  return isRecord(period) ? (readTime(period.start_date_time)?.getTime() ?? null) : null
}
