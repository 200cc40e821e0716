import { createHash } from 'node:crypto'
import { limits } from '../../../config/limits.ts'
import type { Decimal } from '../decimal.ts'
import { textOf } from '../decimal.ts'
import { at, isRecord, listOf, readText } from '../read.ts'
import { recordsIn } from './formats.ts'
import type { SignedRecord } from './formats.ts'
import { readOcmf } from './ocmf.ts'
import type { Ocmf } from './ocmf.ts'
import { kindRank, STARTS, STOPS } from './registers.ts'
import type { OcmfRegister } from './registers.ts'
import { checkSignature } from './signature.ts'
import type { SignedReading, SignedRegister } from './types.ts'

/**
 * The signed meter data of a CDR (OCPI 2.2.1, SignedData): one reading per record, and where one record holds the begin
 * and another the end of the session on one meter, one reading of both. A record that stands there twice counts once.
 * OCMF is read and its signature checked with the key that the CDR carries, that stands in the record, or that is
 * registered; what else there is, is named and carried. Never throws, whatever the value is. Pure.
 */
export function readSigned(
  cdr: unknown,
  { registeredKey }: { registeredKey: string | null },
): SignedReading[] {
  const data = at(cdr, '/signed_data')
  if (!isRecord(data)) return []
  const method = readText(data['encoding_method'])?.slice(0, 100) ?? ''
  const seen = new Set<string>()
  const found = listOf(data['signed_values'])
    .slice(0, limits.signedValuesMax)
    .flatMap((value, index) => {
      const nature = readText(at(value, '/nature'))?.toLowerCase() ?? ''
      return recordsOf(value, { index, method }).flatMap(({ pointer, record }) => {
        const hash = createHash('sha256').update(record.bytes).digest('hex')
        if (seen.has(hash)) return []
        seen.add(hash)
        const keys = [readText(data['public_key']), record.publicKey, registeredKey]
        return [partOf(record, { pointer, hash, nature, keys: keys.filter((key) => key !== null) })]
      })
    })
  return joined(found.slice(0, limits.signedRecordsMax))
}

/** One record with what is needed to join it with another. */
type Part = {
  reading: SignedReading
  /** Of the signature alone. */
  reason: string
  begin: OcmfRegister | null
  end: OcmfRegister | null
}

type Origin = { pointer: string; hash: string; nature: string; keys: readonly string[] }

function recordsOf(
  value: unknown,
  { index, method }: { index: number; method: string },
): { pointer: string; record: SignedRecord }[] {
  for (const member of ['signed_data', 'plain_data']) {
    const text = readText(at(value, `/${member}`))
    if (text === null || text.length > limits.signedTextCharsMax) continue
    const pointer = `/signed_data/signed_values/${index}/${member}`
    const records = recordsIn(text, method)
    // The readable text counts only where the signed one is not to be understood: OCPI wants the record in signed_data.
    if (member === 'signed_data' && !records.some(({ format }) => format !== 'unknown')) {
      const plain = readText(at(value, '/plain_data'))
      if (
        plain !== null &&
        plain.length <= limits.signedTextCharsMax &&
        recordsIn(plain, '').some(({ format }) => format === 'OCMF')
      )
        continue
    }
    if (records.length > 0) return records.map((record) => ({ pointer, record }))
  }
  return []
}

function partOf(record: SignedRecord, origin: Origin): Part {
  const nothing = { begin: null, end: null }
  if (record.format !== 'OCMF') {
    const reason =
      record.format === 'unknown'
        ? 'the record is of no format that is known here; it is carried as it came'
        : `records in ${NAMES[record.format]} are carried as they came, their signatures are not checked here`
    return {
      reading: readingOf(record, origin, { verdict: 'unverified', reason }),
      reason,
      ...nothing,
    }
  }
  const ocmf = readOcmf(record.bytes)
  if (typeof ocmf === 'string') {
    const reason = `the OCMF record cannot be read: ${ocmf}`
    return {
      reading: readingOf(record, origin, { verdict: 'invalid', reason }),
      reason,
      ...nothing,
    }
  }
  const check = checkOcmf(ocmf, origin.keys)
  const { begin, end } = sessionOf(ocmf.registers, origin.nature)
  const reading = readingOf(record, origin, {
    verdict: check.verdict,
    publicKey: check.key,
    meterId: ocmf.meterId,
    gatewayId: ocmf.gatewayId,
    ...spanOf({ begin, end, reason: check.reason }),
  })
  return { reading, reason: check.reason, begin, end }
}

const NAMES = {
  EDL40: 'EDL40',
  EDL40_P: 'EDL40-P',
  ISA_EDL40_P: "Isabellenhütte's EDL40-P",
  ALFEN: "Alfen's format",
  MENNEKES: "Mennekes' XML",
} as const

function readingOf(
  { format }: SignedRecord,
  { pointer, hash }: Origin,
  known: Pick<SignedReading, 'verdict' | 'reason'> & Partial<SignedReading>,
): SignedReading {
  return {
    format,
    pointer,
    start: null,
    stop: null,
    differenceKwh: null,
    resolutionKwh: null,
    publicKey: null,
    meterId: null,
    gatewayId: null,
    hash,
    ...known,
  }
}

/** Tries the keys in order; the first that fits decides, else what the first one says. */
function checkOcmf(
  { signature, signed }: Ocmf,
  keys: readonly string[],
): ReturnType<typeof checkSignature> {
  if (typeof signature === 'string')
    return {
      verdict: 'unverified',
      reason: `the signature cannot be checked: ${signature}`,
      key: null,
    }
  const checks = keys.map((key) => checkSignature(signature, signed, key))
  const unsigned = {
    verdict: 'unverified',
    reason: 'there is no public key to check the signature with',
    key: null,
  } as const
  return (
    checks.find(({ verdict }) => verdict === 'valid') ??
    checks.find(({ verdict }) => verdict === 'invalid') ??
    checks[0] ??
    unsigned
  )
}

/**
 * Begin and end of the session among the readings of one record. Where several registers are read, the one that is
 * billed (kindRank); readings that do not say why they were made count as the record's nature says.
 */
function sessionOf(
  registers: readonly OcmfRegister[],
  nature: string,
): { begin: OcmfRegister | null; end: OcmfRegister | null } {
  const kinds = [...new Set(registers.map(({ kind }) => kind))].toSorted(
    (a, b) => kindRank(a) - kindRank(b),
  )
  const spans = kinds.map((kind) => {
    const own = registers.filter((each) => each.kind === kind)
    const said = own.filter(({ reason }) => reason !== null)
    return {
      begin:
        said.find(({ reason }) => STARTS.includes(reason ?? '')) ??
        unsaid(own, { nature, wanted: 'start' }),
      end:
        said.findLast(({ reason }) => STOPS.includes(reason ?? '')) ??
        unsaid(own, { nature, wanted: 'end' }),
    }
  })
  return (
    spans.find(({ begin, end }) => begin !== null && end !== null) ??
    spans.find(({ begin, end }) => begin !== null || end !== null) ?? { begin: null, end: null }
  )
}

function unsaid(
  registers: readonly OcmfRegister[],
  { nature, wanted }: { nature: string; wanted: 'start' | 'end' },
): OcmfRegister | null {
  if (registers.some(({ reason }) => reason !== null) || !nature.startsWith(wanted)) return null
  return (wanted === 'start' ? registers[0] : registers.at(-1)) ?? null
}

type Span = { begin: OcmfRegister | null; end: OcmfRegister | null }

function spanOf({
  begin,
  end,
  reason,
}: Span & { reason: string }): Pick<
  SignedReading,
  'start' | 'stop' | 'differenceKwh' | 'resolutionKwh' | 'reason'
> {
  const fault = begin?.fault ?? end?.fault ?? null
  const isWhole = begin !== null && end !== null && begin.kind === end.kind
  return {
    start: registerOf(begin),
    stop: registerOf(end),
    differenceKwh: isWhole && fault === null ? textOf(end.kwh - begin.kwh) : null,
    resolutionKwh: finer(begin, end),
    reason: fault === null ? reason : `${reason}, but ${fault}, so its readings decide nothing`,
  }
}

/** A register shows the same digits at both times; JSON numbers may have lost zeros at the end. */
function finer(begin: OcmfRegister | null, end: OcmfRegister | null): string | null {
  const known: Decimal[] = [begin, end].flatMap((each) => (each === null ? [] : [each.resolution]))
  const [first, second] = known
  if (first === undefined) return null
  return textOf(second !== undefined && second < first ? second : first)
}

function registerOf(register: OcmfRegister | null): SignedRegister | null {
  return register === null
    ? null
    : { kwh: textOf(register.kwh), at: register.at, obis: register.obis }
}

/** Puts a record that only begins and one that only ends together where they are of one meter and no other could be meant. */
function joined(parts: readonly Part[]): SignedReading[] {
  const key = ({ reading }: Part): string => `${reading.meterId ?? ''}\n${reading.publicKey ?? ''}`
  const isOpen = (part: Part, which: 'begin' | 'end'): boolean =>
    (part.begin !== null) !== (part.end !== null) && part[which] !== null
  const begins = parts.filter((part) => isOpen(part, 'begin'))
  const ends = parts.filter((part) => isOpen(part, 'end'))
  const pairs = begins.flatMap((begin) => {
    const own = ends.filter((end) => key(end) === key(begin))
    const [end] = own
    const rivals = begins.filter((other) => key(other) === key(begin))
    return end !== undefined && own.length === 1 && rivals.length === 1 ? [{ begin, end }] : []
  })
  return parts.flatMap((part) => {
    if (pairs.some(({ begin }) => begin === part)) return []
    const pair = pairs.find(({ end }) => end === part)
    return [pair === undefined ? part.reading : joinedReading(pair)]
  })
}

function joinedReading({ begin, end }: { begin: Part; end: Part }): SignedReading {
  const both = [begin, end]
  const worst =
    both.find(({ reading }) => reading.verdict === 'invalid') ??
    both.find(({ reading }) => reading.verdict === 'unverified')
  const which = worst === begin ? 'the record of the begin' : 'the record of the end'
  const reason =
    worst === undefined ? `in both records ${end.reason}` : `in ${which} ${worst.reason}`
  return {
    ...end.reading,
    verdict: (worst ?? end).reading.verdict,
    ...spanOf({ begin: begin.begin, end: end.end, reason }),
    hash: createHash('sha256').update(`${begin.reading.hash}\n${end.reading.hash}`).digest('hex'),
  }
}
