import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deflateRawSync } from 'node:zlib'
import { ZipFile } from 'yazl'
import { verifyPack } from '../../src/clearing/pack/verify.ts'
import { readZip } from '../../src/cli/read-zip.ts'
import { runCli } from '../../src/cli/run.ts'
import { zipOf } from '../../src/hub/disputes/evidence-zip.ts'
import { mediaFault } from '../../src/hub/disputes/evidence-media.ts'
import { minimiser } from '../../src/hub/disputes/minimised.ts'
import { json, manifestOf, packFiles, sha256 } from '../helpers/evidence-pack.ts'
import type { Files } from '../helpers/evidence-pack.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'crosscharge-pack-'))
test.after(() => rmSync(folder, { recursive: true }))

/** The subjects that do not hold. */
function faults(files: Files, expectedHash: string | null = null): string[] {
  return verifyPack(files, { expectedHash })
    .filter(({ isRight }) => isRight === false)
    .map(({ subject, sentence }) => `${subject}: ${sentence}`)
}

const zipped = (files: Files): Promise<Buffer> =>
  zipOf([...files].map(([name, bytes]) => ({ path: name, bytes })))

async function verify(bytes: Buffer, more: readonly string[] = []) {
  const file = path.join(folder, 'pack.zip')
  writeFileSync(file, bytes)
  const told = { out: '', err: '' }
  const code = await runCli(['evidence', 'verify', file, ...more], {
    env: {},
    out: (text) => void (told.out += text),
    err: (text) => void (told.err += text),
  })
  return { code, ...told }
}

test('a pack holds, and says what was checked', async () => {
  const files = packFiles()
  const { code, out } = await verify(await zipped(files))
  assert.is(code, 0, out)
  assert.match(out, /✓ files +6 files, each with the bytes/)
  assert.match(out, /✓ frozen evidence +3 files as they were frozen; evidence hash [0-9a-f]{64}/)
  assert.match(out, /✓ events of the dispute +2 events, each following/)
  assert.match(
    out,
    /✓ recomputation +Priced again by the tariffs in the pack: 5.50 EUR before tax, 6.60 EUR/,
  )
  assert.match(
    out,
    /✓ signed meter data +Checked again, as recorded: 1 record with a signature that fits/,
  )
  assert.match(out, /compare its evidence hash/)
})

test('an operator is withheld from a party, and the chain still holds', () => {
  const files = packFiles({ isParty: true })
  assert.equal(faults(files), [])
  const told = verifyPack(files, { expectedHash: null }).map(({ sentence }) => sentence)
  assert.ok(told.some((sentence) => sentence.includes('What 1 of them say is withheld')))
})

test('the hash that the hub shows is compared', async () => {
  const files = packFiles()
  const frozen = files.get('evidence/manifest.json')
  assert.ok(frozen)
  const bytes = await zipped(files)
  assert.is((await verify(bytes, ['--hash', sha256(frozen)])).code, 0)
  const other = await verify(bytes, ['--hash', '0'.repeat(64)])
  assert.is(other.code, 1)
  assert.match(other.out, /✗ frozen evidence/)
  assert.is((await verify(bytes, ['--hash', 'abc'])).code, 64)
})

test('whatever is altered, left out or put in is found', () => {
  for (const name of packFiles().keys()) {
    const altered = packFiles()
    const bytes = altered.get(name) ?? Buffer.alloc(0)
    altered.set(name, Buffer.concat([bytes, Buffer.from(' x')]))
    assert.ok(faults(altered).length > 0, `${name} altered`)
    const short = packFiles()
    short.delete(name)
    assert.ok(faults(short).length > 0, `${name} left out`)
  }
  const more = packFiles()
  more.set('evidence/009-more.txt', Buffer.from('x'))
  assert.match(faults(more)[0] ?? '', /009-more.txt is not in the manifest/)
})

test('evidence that is altered together with the manifest of the pack is still not what was frozen', () => {
  const files = packFiles()
  files.set('evidence/001-cdr.json', json({ id: 'C1', total_cost: { excl_vat: 1 } }))
  files.set('manifest.json', manifestOf(files))
  assert.match(faults(files).join(), /frozen evidence: Not as it was frozen: cdr.json/)
})

test('what was hashed after its retention is told, neither right nor wrong', () => {
  const files = packFiles()
  files.set('evidence/001-cdr.json', json({ id: 'C1', cdr_token: { uid: 'hashed' } }))
  const manifest = JSON.parse(String(manifestOf(files)))
  const [cdr] = manifest.files.filter(({ path }: { path: string }) => path.endsWith('cdr.json'))
  cdr.redacted = true
  files.set('manifest.json', json(manifest))
  const checks = verifyPack(files, { expectedHash: null })
  const frozen = checks.find(({ subject }) => subject === 'frozen evidence')
  assert.is(frozen?.isRight, null)
  assert.match(frozen?.sentence ?? '', /hashed after its retention/)
  assert.match(faults(files).join(), /not the CDR in the pack/)
})

test('a chain that was cut, reordered or rewritten is broken', () => {
  const manifest = JSON.parse(String(packFiles().get('manifest.json')))
  const [first, second] = manifest.events
  for (const chain of [
    [second, first],
    [first, { ...second, epoch: 2 }],
    [first, { ...second, said: [...second.said.slice(0, 8), '2'] }],
    [{ ...first, said: ['open'] }, second],
    [first, { ...second, prev_hash: null }],
    [first, { ...second, at: '2026-06-02T09:00:00.000Z' }],
  ]) {
    const files = packFiles()
    files.set('manifest.json', json({ ...manifest, events: chain }))
    assert.match(faults(files).join(), /events of the dispute: The chain is broken/)
  }
})

test('a price or a signature that was recorded wrong does not come out again', () => {
  const kept = JSON.parse(String(packFiles().get('evidence/002-recomputation.json')))
  const bill = { ...kept.bill, total: { excl: '6.60', incl: '7.92' } }
  const dear = packFiles({ change: { 'recomputation.json': { ...kept, bill } } })
  assert.match(faults(dear).join(), /Priced again it comes to 5.50 EUR.*not 6.60 EUR/)
  const other = packFiles({
    change: { 'recomputation.json': { ...kept, cdr: { ...kept.cdr, total_energy: 12 } } },
  })
  assert.match(faults(other).join(), /not the CDR in the pack/)
  const signed = JSON.parse(String(packFiles().get('evidence/003-signed-data.json')))
  const [reading] = signed.readings
  const changed = { ...signed, readings: [{ ...reading, differenceKwh: '12' }] }
  const forged = packFiles({ change: { 'signed-data.json': changed } })
  assert.match(faults(forged).join(), /signed meter data: Read again/)
})

test('hostile ZIPs are refused', async () => {
  const refused = async (bytes: Buffer, why: RegExp) => {
    const read = await readZip(bytes)
    assert.is(read.ok, false)
    if (!read.ok) assert.match(read.problem, why)
    assert.is((await verify(bytes)).code, 2)
  }
  const files = packFiles()
  const good = await zipped(files)
  await refused(Buffer.from('no ZIP at all'), /.+/)
  await refused(good.subarray(0, good.length - 40), /.+/)
  // Names are as long as before: the ZIP stays one.
  const renamed = (from: string, to: string) =>
    Buffer.from(good.toString('latin1').replaceAll(from, to), 'latin1')
  await refused(
    renamed('evidence/001-cdr.json', '../../../e/passwd.json'.slice(0, 21)),
    /relative path|invalid/,
  )
  await refused(renamed('README.md', '/EADME.md'), /absolute path/)
  await refused(renamed('README.md', 'R\\ADME.md'), /invalid characters/)
  await refused(renamed('README.md', 'R\x1b[2Jx.md'), /control characters/)
  await refused(
    await zipOf(
      [...files].flatMap(([name, bytes]) => [
        { path: name, bytes },
        { path: name.toUpperCase(), bytes },
      ]),
    ),
    /twice/,
  )
  await refused(
    await zipOf(Array.from({ length: 501 }, (_, n) => ({ path: `f${n}`, bytes: Buffer.of(1) }))),
    /more than 500/,
  )
  await refused(
    await zipOf([{ path: 'bomb', bytes: Buffer.alloc(34_000_000) }]),
    /larger than a pack/,
  )
  await refused(lyingZip(), /.+/)
  const link = new ZipFile()
  link.addBuffer(Buffer.from('/etc/passwd'), 'link', { mode: 0o120777 })
  link.end()
  const chunks: Buffer[] = []
  for await (const chunk of link.outputStream) chunks.push(Buffer.from(chunk))
  await refused(Buffer.concat(chunks), /link/)
})

/** A ZIP whose directory says 10 bytes where 40 MB unfold. */
function lyingZip(): Buffer {
  const data = deflateRawSync(Buffer.alloc(40_000_000))
  const name = Buffer.from('a')
  const common = Buffer.alloc(26)
  common.writeUInt16LE(20, 0)
  common.writeUInt16LE(8, 4)
  common.writeUInt32LE(data.length, 14)
  common.writeUInt32LE(10, 18)
  common.writeUInt16LE(name.length, 22)
  const local = Buffer.concat([Buffer.from('504b0304', 'hex'), common, name, data])
  const central = Buffer.concat([
    Buffer.from('504b0102', 'hex'),
    Buffer.of(20, 0),
    common,
    Buffer.alloc(14),
    name,
  ])
  const end = Buffer.alloc(18)
  end.writeUInt16LE(1, 4)
  end.writeUInt16LE(1, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(local.length, 12)
  return Buffer.concat([local, central, Buffer.from('504b0506', 'hex'), end])
}

test('the same evidence is the same ZIP', async () => {
  const files = packFiles()
  assert.ok((await zipped(files)).equals(await zipped(files)))
})

test('what is no pack, or nested without end, is refused and not crashed on', async () => {
  const nothing = await verify(await zipOf([{ path: 'x', bytes: Buffer.from('y') }]))
  assert.is(nothing.code, 2)
  assert.match(nothing.err, /is no evidence pack: it has no manifest.json that can be read/)
  const other = await verify(await zipOf([{ path: 'manifest.json', bytes: json({ a: 1 }) }]))
  assert.is(other.code, 2)
  assert.is((await verify(await zipOf([]))).code, 2)
  assert.is((await verify(json({ a: 1 }))).code, 2)
  const deep = Buffer.from(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`)
  const files = packFiles()
  files.set('evidence/001-cdr.json', deep)
  files.set('manifest.json', manifestOf(files))
  const { code } = await verify(await zipped(files))
  assert.ok(code === 1 || code === 2)
})

test('what may be added', () => {
  const fault = (name: string, media: string, text: string | Buffer) =>
    mediaFault({ name, media, bytes: Buffer.from(text) })
  assert.is(
    fault('photo of meter (1).png', 'image/png', Buffer.from('89504e470d0a1a0a00', 'hex')),
    null,
  )
  assert.is(fault('letter.txt', 'text/plain', 'Größe'), null)
  for (const [name, media, text] of [
    ['../x', 'text/plain', 'x'],
    ['a..b', 'text/plain', 'x'],
    ['.hidden', 'text/plain', 'x'],
    ['a\n', 'text/plain', 'x'],
    ['a.html', 'text/html', '<p>'],
    ['a.pdf', 'application/pdf', 'MZ'],
    ['a.txt', 'text/plain', Buffer.of(0xff, 0xfe)],
    ['a.txt', 'text/plain', ''],
    ['a', 'toString', 'x'],
  ] as const)
    assert.type(fault(name, media, text), 'string', `${name} ${media}`)
})

test('cards and contracts are hashed, EVSEs are not', () => {
  const shown = JSON.stringify(
    minimiser(Buffer.from('a CDR')).members({
      evse_uid: 'E1',
      evses: [{ uid: 'E1' }],
      cdr_token: { uid: 'CARD1', type: 'RFID', contract_id: 'DE8AA1' },
      token: { uid: 'card1' },
      kwh: 1.5,
    }),
  )
  assert.not.match(shown, /CARD1|card1|DE8AA1/)
  assert.match(shown, /"evse_uid":"E1","evses":\[\{"uid":"E1"\}\]/)
  const hashes = [...shown.matchAll(/hashed:[0-9a-f]{16}/g)].map(([hash]) => hash)
  assert.is(hashes.length, 3)
  assert.is(hashes[0], hashes[2])
  const { words } = minimiser(Buffer.from('a CDR'))
  const told = words('Card card1 (CARD10) at E1: CARD1.', ['CARD1', 'E1'])
  assert.is(told, `Card ${hashes[0]} (CARD10) at E1: ${hashes[0]}.`)
})

test.run()
