import { ZipFile } from 'yazl'
import { PACK_TIME } from '../../clearing/pack/types.ts'

/** A ZIP of files in the order given; who verifies a pack holds its layout against this one (cli/zip-layout.ts). */
export async function zipOf(files: readonly { path: string; bytes: Buffer }[]): Promise<Buffer> {
  const zip = new ZipFile()
  for (const { path, bytes } of files)
    zip.addBuffer(bytes, path, { mtime: PACK_TIME, mode: 0o100644, compress: true })
  zip.end()
  const chunks: Buffer[] = []
  for await (const chunk of zip.outputStream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
