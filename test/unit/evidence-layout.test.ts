// What is hidden in the ZIP of an evidence pack, or changed in it beside its files.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ZipFile } from 'yazl'
import { readZip } from '../../src/cli/read-zip.ts'
import { runCli } from '../../src/cli/run.ts'
import { zipOf } from '../../src/hub/disputes/evidence-zip.ts'
import { json, packFiles } from '../helpers/evidence-pack.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'crosscharge-layout-'))
test.after(() => rmSync(folder, { recursive: true }))

const good = await zipOf([...packFiles()].map(([name, bytes]) => ({ path: name, bytes })))
const directoryAt = good.readUInt32LE(good.length - 6)

async function verify(bytes: Buffer): Promise<{ code: number; out: string; err: string }> {
  const file = path.join(folder, 'sent.zip')
  writeFileSync(file, bytes)
  copyFileSync(file, path.join(folder, 'copy.zip'))
  const told = { out: '', err: '' }
  const code = await runCli(['evidence', 'verify', path.join(folder, 'copy.zip')], {
    env: {},
    out: (text) => void (told.out += text),
    err: (text) => void (told.err += text),
  })
  return { code, ...told }
}

async function refused(bytes: Buffer, why: RegExp): Promise<void> {
  const { code, out, err } = await verify(bytes)
  assert.equal([code, out], [2, ''], err)
  assert.match(err, /is refused as an evidence pack: it is not as the hub wrote it: /)
  assert.match(err, why)
}

/** The ZIP with these bytes put in at a place; what the end says of the place of the directory goes along. */
function put(zip: Buffer, at: number, bytes: Buffer): Buffer {
  const all = Buffer.concat([zip.subarray(0, at), bytes, zip.subarray(at)])
  all.writeUInt32LE(directoryAt + bytes.length, all.length - 6)
  return all
}

/** A local entry that is not compressed and that no directory lists. */
function unlisted(name: string, data: Buffer): Buffer {
  const head = Buffer.alloc(30)
  head.write('PK\u0003\u0004', 'latin1')
  head.writeUInt16LE(20, 4)
  head.writeUInt32LE(data.length, 18)
  head.writeUInt32LE(data.length, 22)
  head.writeUInt16LE(name.length, 26)
  return Buffer.concat([head, Buffer.from(name), data])
}

test('a pack of the hub holds, also as a copy', async () => {
  const { code, out } = await verify(good)
  assert.is(code, 0, out)
})

test('a second manifest that the directory does not list is found', async () => {
  const hidden = unlisted('manifest.json', json({ forged: true }))
  await refused(put(good, directoryAt, hidden), /behind its last file stands something else/)
})

test('bytes before a file, behind its data, or behind the end are found', async () => {
  // The first file is where it was: what follows is moved, and its place in the directory with it.
  const size = good.readUInt32LE(18)
  const next = 30 + good.readUInt16LE(26) + size
  const second = directoryAt + 46 + good.readUInt16LE(directoryAt + 28) + 9
  const gap = put(good, next, Buffer.from('more'))
  for (let at = second + 4; gap.readUInt32LE(at) === 0x02014b50;) {
    gap.writeUInt32LE(gap.readUInt32LE(at + 42) + 4, at + 42)
    at += 46 + gap.readUInt16LE(at + 28) + 9
  }
  await refused(gap, /is not where or what the directory says/)
  // The same, and the first file takes them for its own.
  const own = Buffer.from(gap)
  for (const at of [18, directoryAt + 4 + 20]) own.writeUInt32LE(size + 4, at)
  await refused(own, /something is hidden behind README\.md/)
  for (const bytes of [good, Buffer.from('x')])
    assert.is((await verify(Buffer.concat([good, bytes]))).code, 2)
  assert.is((await verify(Buffer.concat([good, good.subarray(0, directoryAt)]))).code, 2)
})

test('another name in front of a file than in the directory is found', async () => {
  const renamed = Buffer.from(good)
  renamed.write('EVILED.md', 30)
  await refused(renamed, /README\.md is not where or what the directory says/)
})

test('a ZIP that somebody else packed anew is refused, whatever it holds', async () => {
  const zip = new ZipFile()
  for (const [name, bytes] of packFiles()) zip.addBuffer(bytes, name, { compress: false })
  zip.end()
  const chunks: Buffer[] = []
  for await (const chunk of zip.outputStream) chunks.push(Buffer.from(chunk))
  await refused(Buffer.concat(chunks), /README\.md is not where or what the directory says/)
})

test('no bit of a header or of the directory can be turned', async () => {
  const files = [...packFiles()].slice(0, 2).map(([name, bytes]) => ({ path: name, bytes }))
  const zip = await zipOf(files)
  const middle = zip.readUInt32LE(zip.length - 6)
  for (let at = 0; at < zip.length; at += 1) {
    const start = zip.subarray(0, middle).lastIndexOf('PK\u0003\u0004', at)
    const isHeader = at >= middle || at - start < 30 + zip.readUInt16LE(start + 26)
    if (!isHeader && at % 29 !== 0) continue
    const turned = Buffer.from(zip)
    turned.writeUInt8(turned.readUInt8(at) ^ (1 << (at % 8)), at)
    const read = await readZip(turned)
    // Compressed data may be written otherwise and unfold to the same.
    const isSame = read.ok && files.every((one) => read.files.get(one.path)?.equals(one.bytes))
    assert.ok(!read.ok || (!isHeader && isSame), `byte ${at}`)
  }
})

test.run()
