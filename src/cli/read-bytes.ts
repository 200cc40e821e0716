import { readFileSync, statSync } from 'node:fs'
import { CliStop, EXIT } from './exit-codes.ts'

/** The bytes of a file; stops where there is none, or where it is larger than it may be, with `advice`. */
export function readBytes(
  path: string,
  { bytesMax, advice = '' }: { bytesMax: number; advice?: string },
): Buffer {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isFile() !== true)
    throw new CliStop(EXIT.cannot, `${path} cannot be opened; is the path right?`)
  if (found.size > bytesMax)
    throw new CliStop(EXIT.cannot, `${path} is larger than ${bytesMax} bytes.${advice}`)
  return readFileSync(path)
}
