/**
 * The tokens an Authorization header may mean, most likely first (2.2.1 Authorization header: `Token` and base64;
 * older partners send it raw). Decoding is strict: what does not encode back to the same text was not base64.
 */
export function parseAuthorization(
  header: string | undefined,
): { token: string; encoding: 'base64' | 'raw' }[] {
  const match = header === undefined ? null : /^token ([\x21-\x7e]{1,512})$/i.exec(header)
  const value = match?.[1]
  if (value === undefined) return []
  const bytes = Buffer.from(value, 'base64')
  // The specification's own examples decode to a token with a line feed at its end.
  const decoded = bytes.toString('latin1').replace(/\n$/, '')
  const isBase64 = bytes.toString('base64') === value && /^[\x21-\x7e]{1,64}$/.test(decoded)
  const raw = { token: value, encoding: 'raw' as const }
  return isBase64 ? [{ token: decoded, encoding: 'base64' as const }, raw] : [raw]
}
