import { limits } from '../../../config/limits.ts'
import { Refusal } from './refusal.ts'

export type PageRequest = { cursor?: string | undefined; limit?: number | undefined }
export type Page<Item> = { items: Item[]; next_cursor: string | null }

const CURSOR_PARTS_MAX = 3
const BIGINT_TEXT = /^[0-9]{1,18}$/

/**
 * Makes a page out of `limit + 1` rows: the extra row only tells that there is more. A cursor is opaque to clients; it
 * holds the sort key of the last row shown, so rows that come or go meanwhile neither repeat nor hide others.
 */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  how: { limit: number; cursor: (row: Row) => string[]; item: (row: Row) => Item },
): Page<Item> {
  const shown = rows.slice(0, how.limit)
  const last = shown.at(-1)
  const more = rows.length > how.limit && last !== undefined
  return { items: shown.map(how.item), next_cursor: more ? pageCursor(...how.cursor(last)) : null }
}

/** The limit asked for, or the default. */
export function pageLimit(request: PageRequest): number {
  return request.limit ?? limits.adminPageLimitDefault
}

/** For lists in descending order of a bigint id: the id to go on below (null = from the newest). */
export function beforeId(request: PageRequest): { before: bigint | null; limit: number } {
  const [id] = cursorParts(request, 1)
  if (id !== undefined && !BIGINT_TEXT.test(id)) throw wrongCursor()
  return { before: id === undefined ? null : BigInt(id), limit: pageLimit(request) }
}

/** The sort key that a cursor holds, or nothing for the first page. Throws a refusal for a cursor we did not make. */
export function cursorParts(request: PageRequest, count: number): string[] {
  if (request.cursor === undefined) return []
  const parts = decodeCursor(request.cursor)
  if (parts?.length !== count) throw wrongCursor()
  return parts
}

/** The opaque form of a sort key. */
export function pageCursor(...parts: string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

function decodeCursor(cursor: string): string[] | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (!Array.isArray(value) || value.length > CURSOR_PARTS_MAX) return null
    const parts: string[] = []
    for (const part of value) {
      if (typeof part !== 'string' || part.includes('\u0000')) return null
      parts.push(part)
    }
    return parts
  } catch {
    return null
  }
}

function wrongCursor(): Refusal {
  return new Refusal(
    'invalidQuery',
    'Take the cursor from next_cursor of the page before, unchanged.',
    {
      faults: [{ pointer: 'query:cursor', message: 'is not a cursor of this list' }],
    },
  )
}
