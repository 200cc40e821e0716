/**
 * The absolute URL of the link with relation `next` in a Link header (RFC 8288), relative ones resolved against
 * `baseUrl`; null when there is none that can be read. Accepts several links and relations, any case, unquoted values.
 */
export function parseLinkNext(header: string | null | undefined, baseUrl: string): string | null {
  let cursor = 0
  const text = header ?? ''
  for (;;) {
    const open = text.indexOf('<', cursor)
    const close = open < 0 ? -1 : text.indexOf('>', open)
    if (close < 0) return null
    const { parameters, end } = readParameters(text, close + 1)
    cursor = end
    const relations = (parameters.get('rel') ?? '').toLowerCase().split(/\s+/)
    // A link with an anchor speaks about another resource than the page we asked for (RFC 8288 §3.2).
    if (!relations.includes('next') || parameters.has('anchor')) continue
    const target = text.slice(open + 1, close).trim()
    if (URL.canParse(target, baseUrl)) return new URL(target, baseUrl).href
  }
}

/** Reads `;name=value` pairs up to the comma that ends the link. Of two equal names the first counts (§3.3). */
function readParameters(
  text: string,
  at: number,
): { parameters: Map<string, string>; end: number } {
  const parameter = /\s*;\s*([^\s=;,"]*)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?\s*/y
  const parameters = new Map<string, string>()
  let end = at
  for (;;) {
    parameter.lastIndex = end
    const match = parameter.exec(text)
    if (match === null) return { parameters, end }
    end = parameter.lastIndex
    const name = (match[1] ?? '').toLowerCase()
    const value = match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? ''
    if (!parameters.has(name)) parameters.set(name, value)
  }
}
