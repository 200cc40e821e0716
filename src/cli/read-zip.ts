import { fromBuffer } from 'yauzl'
import type { Entry, ZipFile } from 'yauzl'
import { limits } from '../../config/limits.ts'
import { layoutFault } from './zip-layout.ts'
import type { Member } from './zip-layout.ts'

/** What a ZIP holds by path, or why it is not read. */
export type ZipContents =
  { ok: true; files: ReadonlyMap<string, Buffer> } | { ok: false; problem: string }

/**
 * Unpacks a ZIP that the hub wrote into memory. A hostile one is refused with a sentence: paths that lead out of it, names
 * that stand there twice, more files or bytes than a pack has, sizes that are not what the directory says, encryption,
 * damage, and whatever is hidden in it or was changed beside its files. Sizes are counted while they unfold, so that
 * nothing unfolds further than allowed. Never throws.
 */
export async function readZip(bytes: Buffer): Promise<ZipContents> {
  try {
    const zip = await open(bytes)
    if (zip.entryCount > limits.packFilesMax)
      return refused(`it holds more than ${limits.packFilesMax} files`)
    const read = await readEntries(zip)
    if (!read.ok) return read
    const fault = await layoutFault(bytes, read.members)
    if (fault !== null) return refused(`it is not as the hub wrote it: ${fault}`)
    return { ok: true, files: new Map(read.members.map((one) => [one.entry.fileName, one.bytes])) }
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 200) : 'it is damaged'
    return refused(why)
  }
}

function refused(problem: string): { ok: false; problem: string } {
  return { ok: false, problem }
}

function open(bytes: Buffer): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    // Names with backslashes, drive letters, `..` or a leading slash are errors of the reader itself.
    const options = { lazyEntries: true, strictFileNames: true, validateEntrySizes: true }
    fromBuffer(bytes, options, (error, zip) => {
      if (error === null) resolve(zip)
      else reject(error)
    })
  })
}

type Entries = { ok: true; members: readonly Member[] } | { ok: false; problem: string }

async function readEntries(zip: ZipFile): Promise<Entries> {
  const members: Member[] = []
  const seen = new Set<string>()
  let left: number = limits.packBytesMax
  for await (const entry of entriesOf(zip)) {
    const { fileName: name } = entry
    const folded = name.normalize('NFC').toLowerCase()
    if (seen.has(folded)) return refused(`${name} stands in it twice`)
    seen.add(folded)
    if (name.endsWith('/')) return refused(`${name} is a folder; a pack has none`)
    if (/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/.test(name))
      return refused('a name in it has control characters')
    // The mode of Unix is in the upper half; 0o12 is a link.
    if (entry.externalFileAttributes >>> 28 === 0o12) return refused(`${name} is a link`)
    const most = Math.min(left, limits.packFileBytesMax)
    if (entry.uncompressedSize > most) return refused(`${name} is larger than a pack may be`)
    const bytes = await readEntry(zip, { entry, most })
    if (bytes === null) return refused(`${name} is larger than it says`)
    left -= bytes.length
    members.push({ entry, bytes })
  }
  return { ok: true, members }
}

/** Entries one at a time, as they stand in the directory. */
async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  for (let count = 0; count < zip.entryCount; count++) {
    const entry = await new Promise<Entry | null>((resolve, reject) => {
      zip.once('entry', resolve)
      zip.once('end', () => resolve(null))
      zip.once('error', reject)
      zip.readEntry()
    })
    zip.removeAllListeners()
    if (entry === null) return
    yield entry
  }
}

async function readEntry(
  zip: ZipFile,
  { entry, most }: { entry: Entry; most: number },
): Promise<Buffer | null> {
  const stream = await new Promise<AsyncIterable<Buffer>>((resolve, reject) => {
    zip.openReadStream(entry, (error, opened) => {
      if (error === null) resolve(opened)
      else reject(error)
    })
  })
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > most) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
