// The evidence pack of a pattern made by hand, as the hub would.
import { NO_RUN, addDelta } from '../../src/clearing/bias.ts'
import { eventHash } from '../../src/clearing/pack/event-hash.ts'
import { patternTable } from '../../src/clearing/pack/pattern.ts'
import type { FrozenPattern, PatternLine } from '../../src/clearing/pack/pattern-types.ts'
import { PACK_FORMAT, PACK_VERSION } from '../../src/clearing/pack/types.ts'
import { fromMicros } from '../../src/ledger/money.ts'
import { contentHash } from '../../src/ocpi/canonical.ts'
import { json, manifestOf, mediaOf, sha256, summed } from './evidence-pack.ts'
import type { Files } from './evidence-pack.ts'

const COUNT = 60
const DELTA = 10_000n
const run = Array.from({ length: COUNT }).reduce<typeof NO_RUN>(
  (sum) => addDelta(sum, { delta: DELTA, amount: 3_010_000n }),
  NO_RUN,
)
const tariff = { id: 'T1', currency: 'EUR', elements: [], last_updated: '2026-01-01T00:00:00Z' }
const tariffHash = contentHash(tariff, new Map()).toString('hex')

/** What stands in the files of a sound pattern; a test changes what it is about. */
export type PatternParts = {
  pattern: FrozenPattern
  lines: PatternLine[]
  tariffs: { sha256: string; from: string; tariff: object }[]
}

/** 60 CDRs of 3.01 that cost 3.00. */
export function patternParts(): PatternParts {
  const lines = Array.from({ length: COUNT }, (_, n) => ({
    cdr: n === 0 ? '=cmd()' : `C${n}`,
    start: `2026-06-01T10:${String(n).padStart(2, '0')}:00.000Z`,
    currency: 'EUR',
    claim: '3.01',
    price: '3.00',
    record: null,
    energy: null,
    difference: '0.01',
    net: '0.01',
    tax: '0.002',
    sha256: sha256(Buffer.from(`C${n}`)),
    content_hash: null,
    tariff: { id: 'T1', last_updated: tariff.last_updated, sha256: tariffHash },
  }))
  const test = {
    name: 'cusum' as const,
    by: 'tariff' as const,
    key: 't1',
    from: '2026-06-01T00:00:00.000Z',
    until: '2026-06-02T00:00:00.000Z',
    cdrs: run.count,
    sum: fromMicros(run.sum),
    mean: '0.01',
    threshold: '0.20',
    slack: fromMicros(run.slack),
    rise: fromMicros(run.rise),
    squares: '0.006',
    others: 0,
  }
  const parties = { code: 'S4', cpo: 'NL-TNM', emsp: 'DE-EMA', currency: 'EUR' }
  const sums = { cdrs: COUNT, net: '0.60', tax: '0.12' }
  return {
    pattern: { ...parties, statement: 'Always a little more.', ...sums, test },
    lines,
    tariffs: [{ sha256: tariffHash, from: 'the CDR', tariff: { ...tariff } }],
  }
}

/** The files of the pack, everything hashed as it is. `table`: instead of the CSV of the list. */
export function patternFiles(
  { pattern, lines, tariffs }: PatternParts,
  { table = patternTable(lines) }: { table?: Buffer } = {},
): Files {
  const pieces: [string, Buffer][] = [
    ['pattern.json', json(pattern)],
    ['cdrs.json', json(lines)],
    ['cdrs.csv', table],
    ['tariffs.json', json(tariffs)],
  ]
  const frozen = pieces.map(([name, bytes], index) => ({ number: index + 1, name, bytes }))
  const files: Files = new Map([
    ['README.md', Buffer.from('# Dispute 6\n')],
    ...frozen.map(
      ({ number, name, bytes }) => [`evidence/00${number}-${name}`, bytes] as [string, Buffer],
    ),
    [
      'evidence/manifest.json',
      json({
        format: PACK_FORMAT,
        version: PACK_VERSION,
        dispute: '6',
        cdr: null,
        files: frozen.map(({ number, name, bytes }) => ({
          number,
          name,
          media: mediaOf(name),
          sha256: sha256(bytes),
          bytes: bytes.length,
        })),
      }),
    ],
  ])
  const event = {
    subject: 'dispute:6',
    epoch: 0,
    said: ['open', '', 'hub', 'S4', 'Always a little more.', 'contest', 'hub', '600000', '120000'],
    at: '2026-06-02T08:00:00.000Z',
    at_micros: '1780387200000123',
    prev_hash: null,
  }
  const events = [{ ...event, hash: eventHash({ ...event, hash: '' }) }]
  const manifest = JSON.parse(String(manifestOf(files, events)))
  const dispute = {
    ...manifest.dispute,
    ...{ id: '6', cdr: null, code: 'S4', state: 'open', outcome: null },
    ...{ net: '0.60', tax: '0.12', upheld_net: '0.00', upheld_tax: '0.00' },
  }
  files.set('manifest.json', json({ ...manifest, dispute }))
  return summed(files)
}
