import { finished } from 'node:stream/promises'
import { crc32, createInflateRaw } from 'node:zlib'
import type { Entry } from 'yauzl'
import { PACK_TIME } from '../clearing/pack/types.ts'

/** A file of a ZIP: what the directory says of it, and what it unfolds to. */
export type Member = { entry: Entry; bytes: Buffer }

/**
 * What makes a ZIP another one than the hub wrote of these files, in words; null: nothing. The hub leaves no choice but
 * how the data are compressed: header, data, header, data … the directory and its end. So nothing can stand between or
 * behind them, and no reader finds other files from the front than from the directory. `zip` was read by its directory.
 */
export async function layoutFault(zip: Buffer, members: readonly Member[]): Promise<string | null> {
  // By the clock of where it was written, the same of all files.
  const { lastModFileTime: time = 0, lastModFileDate: date = 0 } = members[0]?.entry ?? {}
  const directory: Buffer[] = []
  let at = 0
  for (const { entry, bytes } of members) {
    const name = Buffer.from(entry.fileName)
    const said = Buffer.concat([
      numbers([VERSION, 2], [UTF8, 2], [DEFLATE, 2], [time, 2], [date, 2]),
      numbers([entry.crc32, 4], [entry.compressedSize, 4], [entry.uncompressedSize, 4]),
      numbers([name.length, 2]),
    ])
    const header = Buffer.concat([LOCAL, said, numbers([0, 2]), name])
    if (!startsWith(zip.subarray(at), header))
      return `${entry.fileName} is not where or what the directory says, or something is hidden before it`
    const stated = numbers([EXTRA.length, 2], [0, 2], [0, 2], [0, 2], [FILE_MODE, 4], [at, 4])
    directory.push(Buffer.concat([CENTRAL, MADE_BY, said, stated, name, EXTRA]))
    at += header.length
    const data = zip.subarray(at, at + entry.compressedSize)
    if ((await inflatedOf(data)) !== data.length)
      return `something is hidden behind ${entry.fileName}`
    if (crc32(bytes) !== entry.crc32) return `the checksum of ${entry.fileName} is another one`
    at += data.length
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const count = members.length
  const end = Buffer.concat([
    END,
    numbers([0, 4], [count, 2], [count, 2], [size, 4], [at, 4], [0, 2]),
  ])
  return zip.subarray(at).equals(Buffer.concat([...directory, end]))
    ? null
    : 'behind its last file stands something else than the directory of its files'
}

const LOCAL = Buffer.from('504b0304', 'hex')
const CENTRAL = Buffer.from('504b0102', 'hex')
const END = Buffer.from('504b0506', 'hex')
/** As the writer of the hub, yazl, writes them: of ZIP 6.3 on Unix, to be read by 2.0, names in UTF-8, all compressed. */
const MADE_BY = Buffer.from('3f03', 'hex')
const VERSION = 20
const UTF8 = 0x0800
const DEFLATE = 8
const FILE_MODE = 0o100644 * 0x10000
/** The time of a file in UTC (Info-ZIP, "UT"), after the flags that it and that of access are given. */
const EXTRA = Buffer.concat([
  Buffer.from('UT'),
  numbers([5, 2], [3, 1], [PACK_TIME.getTime() / 1_000, 4]),
])

/** How many of these bytes the compressed stream takes. */
async function inflatedOf(data: Buffer): Promise<number> {
  const inflate = createInflateRaw()
  inflate.resume()
  inflate.end(data)
  await finished(inflate)
  return inflate.bytesWritten
}

function startsWith(bytes: Buffer, start: Buffer): boolean {
  return bytes.subarray(0, start.length).equals(start)
}

/** Each as so many bytes, the lowest first. */
function numbers(...all: readonly (readonly [value: number, size: number])[]): Buffer {
  return Buffer.concat(
    all.map(([value, size]) => {
      const bytes = Buffer.alloc(size)
      bytes.writeUIntLE(value, 0, size)
      return bytes
    }),
  )
}
