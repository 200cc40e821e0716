/** The member of an answer, or undefined: answers of a hub are read without trusting their shape. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined
}

/** A member as text; a list comma by comma, null and absent as `-`. */
export function text(value: unknown, name: string): string {
  return shown(member(value, name))
}

/** The items of a list. */
export function items(value: unknown, name = 'items'): readonly unknown[] {
  const list = member(value, name)
  return Array.isArray(list) ? list : []
}

/** Columns under their headings, as wide as their widest cell. `right`: headings of columns that hold numbers. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): string {
  const all = [headings, ...rows]
  const widths = headings.map((_, column) =>
    Math.max(...all.map((row) => printable(row[column] ?? '').length)),
  )
  const lines = all.map((row) =>
    headings
      .map((heading, column) => {
        const cell = printable(row[column] ?? '')
        const width = widths[column] ?? 0
        return right.includes(heading) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
  return lines.join('\n')
}

/** A list as a table, one row per item and one column per field, with a word about further pages. */
export function listing(
  page: unknown,
  fields: readonly string[],
  right: readonly string[] = [],
): string {
  const found = items(page)
  if (found.length === 0) return 'none'
  const rows = found.map((item) => fields.map((field) => text(item, field)))
  const more =
    typeof member(page, 'next_cursor') === 'string'
      ? '\nThere are more: give --limit, or narrow the filter.'
      : ''
  return `${table(fields, rows, right)}${more}`
}

/** The rows of a page under their headings, with a word about further pages. */
export function pageTable(
  page: unknown,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[],
): string {
  if (rows.length === 0) return 'none'
  const isMore = typeof member(page, 'next_cursor') === 'string'
  const more = isMore ? '\nThere are more: give --limit, or narrow the filter.' : ''
  return `${table(headings, rows, right)}${more}`
}

/** Names and values, one pair a line. */
export function pairs(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}`).join('\n')
}

/** Text that partners wrote must not steer the terminal. */
export function printable(value: string): string {
  return value.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�')
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(shown).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
