import { createHash } from 'node:crypto'
import { PACK_PATHS } from './types.ts'

/**
 * The list of the hashes of all files of a pack, itself left out, as `sha256sum -c` reads it: what the manifest does not
 * name, the manifest above all, stands here too.
 */
export function sumsOf(files: Iterable<readonly [path: string, bytes: Buffer]>): Buffer {
  const lines = [...files]
    .filter(([path]) => path !== PACK_PATHS.sums)
    .map(([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.from(lines.map(([path, hash]) => `${hash}  ${path}\n`).join(''))
}
