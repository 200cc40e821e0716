// Where in the project a line of a script is that test/runner/bundle.ts wrote. Node would read the map of every script
// that looks at a stack, half a second of processor time each; this reads those of scripts that a failure names.
import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import type { SourceMapping } from 'node:module'
import path from 'node:path'

/** `text` with every place in a script of `folder` (absolute) as the place in the file it was made of, below `root`. */
export function withPlaces(
  text: string,
  { folder, root }: Record<'folder' | 'root', string>,
): string {
  const maps = new Map<string, SourceMap | null>()
  return text.replace(/[^\s()]*?([\w.-]+\.mjs):(\d+):(\d+)/g, (place, name, line, column) => {
    const script = path.join(folder, String(name))
    if (!place.includes(script)) return place
    const map = maps.get(script) ?? readMap(script)
    maps.set(script, map)
    const found: Partial<SourceMapping> = map?.findEntry(Number(line) - 1, Number(column) - 1) ?? {}
    const { originalSource: source, originalLine = 0, originalColumn = 0 } = found
    if (source === undefined) return place
    const file = path.relative(root, path.resolve(folder, source))
    return `${file}:${originalLine + 1}:${originalColumn + 1}`
  })
}

function readMap(script: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${script}.map`, 'utf8')))
  } catch {
    return null
  }
}
