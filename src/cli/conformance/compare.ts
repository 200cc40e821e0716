import { readTime } from '../../ocpi/primitives.ts'
import { escapePointer, isRecord } from '../../ocpi/validate.ts'

/**
 * The pointer of the first member of `sent` that `got` does not have with the same meaning; null when it has them all.
 * Members that were not sent do not matter; null is absent, times are instants, an empty list is none.
 */
export function differs(sent: unknown, got: unknown, pointer = ''): string | null {
  if (isNothing(sent)) return isNothing(got) ? null : pointer
  if (Array.isArray(sent)) {
    if (!Array.isArray(got) || got.length !== sent.length) return pointer
    return first(sent.map((item, index) => differs(item, got[index], `${pointer}/${index}`)))
  }
  if (isRecord(sent)) {
    if (!isRecord(got)) return pointer
    return first(
      Object.entries(sent).map(([name, value]) =>
        differs(value, got[name], `${pointer}/${escapePointer(name)}`),
      ),
    )
  }
  if (sent === got) return null
  const [time, other] = [readTime(sent), readTime(got)]
  return time !== null && other !== null && time.getTime() === other.getTime()
    ? null
    : pointer || '/'
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

function first(pointers: readonly (string | null)[]): string | null {
  return pointers.find((pointer) => pointer !== null) ?? null
}
