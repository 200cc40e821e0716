import { findValue, itemTexts, valueText } from './json-text.ts'

/**
 * The exact texts of the objects in a document as feeds publish them: a list, an OCPI envelope, `data.{module}.data`,
 * `{module}: […]`, a recorded response (`response.body` holds one of these), one object, or a sequence of objects one a
 * line. Null when it is none of these. Looks at brackets and names only: each text is still to be scanned.
 */
export function feedItems(text: string, module: string): string[] | null {
  const trimmed = text.replace(/^\uFEFF/, '')
  const whole = documentItems(trimmed, module)
  const lines = linesOf(trimmed)
  if (whole === null || (lines.length > 1 && !endsWhole(trimmed))) {
    return lines.length > 0 && lines[0]?.startsWith('{') === true
      ? lines.flatMap((line) => documentItems(line, module) ?? [line])
      : null
  }
  return whole
}

/** The objects of one JSON document, or null when it holds none. */
export function documentItems(text: string, module: string): string[] | null {
  const body = valueText(text, ['response', 'body']) ?? text
  for (const path of [[], ['data', module, 'data'], ['data', module], ['data'], [module]]) {
    const items = itemTexts(body, path)
    if (items !== null) return items
  }
  // An envelope may carry one object instead of a list (2.2.1 Response format).
  const data = valueText(body, ['data'])
  if (data?.startsWith('{') === true) return [data]
  return body.trimStart().startsWith('{') && findValue(body, []) !== null ? [body.trim()] : null
}

function endsWhole(text: string): boolean {
  const range = findValue(text, [])
  return range !== null && text.slice(range.end).trim() === ''
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
