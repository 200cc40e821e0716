// An evidence pack made by hand, as the hub would: of a dispute about a CDR with a tariff and a signed record.
import { createHash } from 'node:crypto'
import { eventHash } from '../../src/clearing/pack/event-hash.ts'
import { sumsOf } from '../../src/clearing/pack/sums.ts'
import type { PackEvent } from '../../src/clearing/pack/types.ts'
import { PACK_FORMAT, PACK_VERSION } from '../../src/clearing/pack/types.ts'
import { readSigned } from '../../src/clearing/signed/read.ts'
import { DEFAULT_POLICY } from '../../src/pricing/policy.ts'
import { priceCdr } from '../../src/pricing/price.ts'
import { keysOf, ocmf, WHOLE } from './ocmf.ts'

export type Files = Map<string, Buffer>

const keys = keysOf()
const tariff = {
  id: 'T1',
  currency: 'EUR',
  elements: [{ price_components: [{ type: 'ENERGY', price: 0.5, vat: 20, step_size: 1 }] }],
  last_updated: '2026-01-01T00:00:00Z',
}
const cdr = {
  id: 'C1',
  currency: 'EUR',
  start_date_time: '2026-06-01T10:00:00Z',
  end_date_time: '2026-06-01T11:00:00Z',
  charging_periods: [
    {
      start_date_time: '2026-06-01T10:00:00Z',
      tariff_id: 'T1',
      dimensions: [
        { type: 'ENERGY', volume: 11 },
        { type: 'TIME', volume: 1 },
      ],
    },
  ],
  tariffs: [tariff],
  total_energy: 11,
  total_time: 1,
  total_cost: { excl_vat: 6.6, incl_vat: 7.92 },
  signed_data: {
    encoding_method: 'OCMF',
    public_key: keys.hex,
    signed_values: [{ nature: 'End', signed_data: ocmf({ keys, readings: WHOLE }) }],
  },
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
}

/** Two events of a dispute, the second by an operator whose name is withheld where `isParty`. */
function events(isParty: boolean): PackEvent[] {
  const subject = 'dispute:5'
  const first = {
    subject,
    epoch: 0,
    said: [
      'open',
      '',
      'DE-EMA',
      'P1',
      'Zu teuer: „6,60 €“ \\ "statt" 5,50',
      'contest',
      'emsp',
      '1100000',
      '220000',
    ],
    at: '2026-06-02T08:00:00.000Z',
    at_micros: '1780387200000123',
    prev_hash: null,
  }
  const opened = { ...first, hash: eventHash({ ...first, hash: '' }) }
  const second = {
    ...opened,
    epoch: 1,
    said: ['closed', 'ruled', 'operator:anna', 'P1', 'so', 'rule', 'operator', '1100000', '220000'],
    prev_hash: opened.hash,
  }
  const ruled = { ...second, hash: eventHash(second) }
  return [opened, isParty ? { ...ruled, said: null } : ruled]
}

/** The files of a pack; `change` alters evidence before it is frozen. */
export function packFiles({
  isParty = false,
  change = {},
}: { isParty?: boolean; change?: Readonly<Record<string, unknown>> } = {}): Files {
  const recomputation = {
    possible: true,
    as_sent: true,
    cdr,
    tariffs: cdr.tariffs,
    time_zone: 'Europe/Berlin',
    policy: DEFAULT_POLICY,
    bill: priceCdr(cdr, cdr.tariffs, { timeZone: 'Europe/Berlin' }),
  }
  const signed = { registered_key: null, readings: readSigned(cdr, { registeredKey: null }) }
  const pieces: Record<string, unknown> = {
    'cdr.json': cdr,
    'recomputation.json': recomputation,
    'signed-data.json': signed,
    ...change,
  }
  const frozen = Object.entries(pieces).map(([name, value], index) => {
    const bytes = json(value)
    return { number: index + 1, name, bytes }
  })
  const frozenManifest = json({
    format: PACK_FORMAT,
    version: PACK_VERSION,
    dispute: '5',
    cdr: { party: 'NL-TNM', id: 'C1', emsp: 'DE-EMA', currency: 'EUR' },
    files: frozen.map(({ number, name, bytes }) => ({
      number,
      name,
      media: 'application/json',
      sha256: sha256(bytes),
      bytes: bytes.length,
    })),
  })
  const files: Files = new Map([
    ['README.md', Buffer.from('# Dispute 5\n')],
    ...frozen.map(
      ({ number, name, bytes }) => [`evidence/00${number}-${name}`, bytes] as [string, Buffer],
    ),
    ['evidence/manifest.json', frozenManifest],
    ['evidence/005-photo.png', Buffer.from('89504e470d0a1a0a', 'hex')],
  ])
  files.set('manifest.json', manifestOf(files, events(isParty)))
  return summed(files)
}

/** The dispute as the hub shows it beside its events. */
function disputeOf(chain: readonly PackEvent[], evidenceHash: string | null): object {
  const amount = (micros: string | null | undefined) =>
    micros ? (Number(micros) / 1e6).toFixed(2) : null
  return {
    id: '5',
    cdr: { party: 'NL-TNM', id: 'C1' },
    cpo: 'NL-TNM',
    emsp: 'DE-EMA',
    code: 'P1',
    currency: 'EUR',
    state: 'closed',
    outcome: 'upheld',
    net: '1.10',
    tax: '0.22',
    upheld_net: '1.10',
    upheld_tax: '0.22',
    evidence_hash: evidenceHash,
    history: chain.map(({ epoch, said, at, prev_hash, hash }) => ({
      number: epoch,
      state: said?.[0] ?? 'closed',
      via: (said?.[1] ?? '').split(' ').filter((word) => word !== ''),
      actor: said?.[2] ?? 'operator',
      text: said?.[4] ?? 'so',
      verb: said?.[5] ?? 'rule',
      side: said?.[6] ?? 'operator',
      net: amount(said?.[7] ?? '1100000'),
      tax: amount(said?.[8] ?? '220000'),
      at,
      prev_hash,
      hash,
    })),
  }
}

export function mediaOf(name: string): string {
  if (name.endsWith('.json')) return 'application/json'
  return name.endsWith('.csv') ? 'text/csv' : 'application/octet-stream'
}

/** The pack with its list of hashes, made after everything else. */
export function summed(files: Files): Files {
  return files.set('SHA256SUMS', sumsOf(files))
}

/** The manifest of what is there, as if it had always been so. */
export function manifestOf(files: Files, chain: readonly PackEvent[] = events(false)): Buffer {
  const frozen = files.get('evidence/manifest.json')
  const hash = frozen === undefined ? null : sha256(frozen)
  return json({
    format: PACK_FORMAT,
    version: PACK_VERSION,
    dispute: disputeOf(chain, hash),
    evidence_hash: hash,
    files: [...files]
      .filter(([path]) => path !== 'manifest.json' && path !== 'SHA256SUMS')
      .map(([path, bytes]) => ({
        path,
        media: mediaOf(path),
        sha256: sha256(bytes),
        bytes: bytes.length,
        added_by: path.endsWith('photo.png') ? 'NL-TNM' : 'hub',
        at: null,
      })),
    events: chain,
    cdr_events: [],
  })
}
