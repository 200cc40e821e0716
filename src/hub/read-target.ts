import { limits } from '../../config/limits.ts'
import { HubError } from '../errors.ts'

/**
 * Path parts, percent-decoded; `%2F` stays inside its part. Refuses malformed escapes, bad UTF-8 and control characters.
 * Dot segments and characters that no URI has are no path of ours: in the URL of a partner they would lead away from
 * the endpoint that the path was judged for, and the hub would carry its token there.
 */
export function readPath(path: string): string[] {
  if (!/^[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*$/.test(path)) throw unknownPath()
  const trimmed = path.replace(/^\/|\/$/g, '')
  return trimmed.split('/').map((part) => {
    const decoded = decodePart(part)
    if (decoded === null || /[\u0000-\u001f\u007f]/.test(decoded)) {
      throw new HubError(
        'malformed',
        'the path holds a malformed percent-escape or a control character',
      )
    }
    // A partner may decode `%2F` before it resolves the path.
    if (decoded.split(/[/\\]/).some((name) => name === '.' || name === '..')) throw unknownPath()
    return decoded
  })
}

/** The refusal of a path that leads nowhere. */
export function unknownPath(): HubError {
  return new HubError(
    'unknownPath',
    'there is no such endpoint; take the URLs from the version details',
  )
}

function decodePart(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}

/** The parameters that mean something here; others are for the party that a request is forwarded to. */
const NAMES = [
  'type',
  'token_type',
  'offset',
  'limit',
  'date_from',
  'date_to',
  'after',
  'page',
  'duration',
  'response_url',
]

/** Refuses parameters that two readers may read differently, or that cannot be stored. */
export function checkQuery(query: URLSearchParams): void {
  for (const name of NAMES) {
    const values = query.getAll(name)
    const pointer = `query:${name}`
    const refuse = (code: 'malformed' | 'invalid', message: string) =>
      new HubError(code, 'the query cannot be used', { faults: [{ pointer, message }] })
    if (values.length > 1) throw refuse('invalid', 'may be given once')
    // Bytes that are no UTF-8 have been replaced by U+FFFD.
    if (values.some((value) => /[\u0000-\u001f\u007f\ufffd]/.test(value)))
      throw refuse('malformed', 'holds a control character or bytes that are not UTF-8')
    if ((name === 'type' || name === 'token_type') && (values[0]?.length ?? 0) > limits.idCharsMax)
      throw refuse('invalid', `may have ${limits.idCharsMax} characters`)
  }
}
