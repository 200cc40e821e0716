import { ZipFile } from 'yazl'

/** Every entry says this: the same evidence gives the same ZIP, whenever it is asked for. */
const MTIME = new Date(Date.UTC(2026, 0, 1))

/** A ZIP of files in the order given. */
export async function zipOf(files: readonly { path: string; bytes: Buffer }[]): Promise<Buffer> {
  const zip = new ZipFile()
  for (const { path, bytes } of files)
    zip.addBuffer(bytes, path, { mtime: MTIME, mode: 0o100644, compress: true })
  zip.end()
  const chunks: Buffer[] = []
  for await (const chunk of zip.outputStream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
