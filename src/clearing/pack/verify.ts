import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { amountText, figureOf } from '../../pricing/figures.ts'
import { countText } from '../compare.ts'
import { readDecimal, textOf } from '../decimal.ts'
import { at, readText } from '../read.ts'
import { readSigned } from '../signed/read.ts'
import { chainFault } from './event-hash.ts'
import { patternFault } from './pattern.ts'
import { eventsOf, filesOf, formatFault, frozenFilesOf, parsed, recomputationOf } from './read.ts'
import { isSameBill, isSameClaim, repriced } from './recompute.ts'
import { standFault } from './stand.ts'
import { sumsOf } from './sums.ts'
import type { PackFile } from './types.ts'
import { EVIDENCE_NAMES, PACK_PATHS } from './types.ts'

/** One thing that was checked. `isRight` null: there was nothing to check, which is no fault. */
export type PackCheck = { subject: string; isRight: boolean | null; sentence: string }

type Files = ReadonlyMap<string, Buffer>

/**
 * Checks everything in an evidence pack that can be checked without the hub: `files` by path. `expectedHash`: the
 * evidence hash as somebody was told it, hex; null: compared with the manifest alone. Never throws; pure.
 */
export function verifyPack(
  files: Files,
  { expectedHash }: { expectedHash: string | null },
): PackCheck[] {
  const manifest = parsed(files.get(PACK_PATHS.manifest))
  const listed = filesOf(manifest)
  const fault = packFault(files)
  if (fault !== null || listed === null)
    return [wrong('manifest', `The pack has no manifest that can be read: ${fault}.`)]
  return [
    checkFiles(files, listed),
    ...checkFrozen(files, { manifest, listed, expectedHash }),
    checkEvents('events of the dispute', at(manifest, '/events')),
    checkStand(files, manifest),
    ...(isPattern(files)
      ? [checkPattern(files, { manifest, listed })]
      : [
          checkEvents('events of the CDR', at(manifest, '/cdr_events')),
          checkPrice(files, listed),
          checkSigned(files, listed),
        ]),
  ]
}

/** Why these files are no evidence pack at all, in words; null: they are one, right or wrong. */
export function packFault(files: Files): string | null {
  const manifest = parsed(files.get(PACK_PATHS.manifest))
  if (manifest === undefined) return 'it has no manifest.json that can be read'
  return (
    formatFault(manifest) ??
    (filesOf(manifest) === null ? 'its list of files cannot be read' : null)
  )
}

/** What the manifest says of the dispute follows from its events and from what was frozen. */
function checkStand(files: Files, manifest: unknown): PackCheck {
  const subject = 'dispute'
  const fault = standFault(manifest, parsed(files.get(PACK_PATHS.frozen)))
  return fault === null
    ? right(subject, 'State, amounts and history are those that the events tell.')
    : wrong(subject, `The pack says something else of it than its events: ${fault}.`)
}

/** What was frozen says it, not the pack: the evidence hash is over that. */
function isPattern(files: Files): boolean {
  return at(parsed(files.get(PACK_PATHS.frozen)), '/cdr') === null
}

/** Every file is listed and every listed one is there, with the bytes that the manifest says. */
function checkFiles(files: Files, listed: readonly PackFile[]): PackCheck {
  const faults: string[] = []
  const names = new Set<string>([PACK_PATHS.manifest, PACK_PATHS.sums])
  for (const { path, sha256, bytes } of listed) {
    if (names.has(path)) faults.push(`${path} is listed twice`)
    names.add(path)
    const found = files.get(path)
    if (found === undefined) faults.push(`${path} is missing`)
    else if (found.length !== bytes || hashOf(found) !== sha256) faults.push(`${path} was altered`)
  }
  for (const path of files.keys())
    if (!names.has(path)) faults.push(`${path} is not in the manifest`)
  const sums = files.get(PACK_PATHS.sums)
  if (sums === undefined) faults.push(`${PACK_PATHS.sums} is missing`)
  else if (!sums.equals(sumsOf(files))) faults.push(`${PACK_PATHS.sums} lists other hashes`)
  return faults.length === 0
    ? right(
        'files',
        `${countText(listed.length, 'file')}, each with the bytes that the manifest says, and the manifest as in ${PACK_PATHS.sums}.`,
      )
    : wrong('files', `${faults.join('; ')}.`)
}

/** What was frozen at the opening is still what it was. */
function checkFrozen(
  files: Files,
  {
    manifest,
    listed,
    expectedHash,
  }: { manifest: unknown; listed: readonly PackFile[]; expectedHash: string | null },
): PackCheck[] {
  const claimed = readText(at(manifest, '/evidence_hash'))
  const bytes = files.get(PACK_PATHS.frozen)
  if (bytes === undefined || claimed === null) {
    const isNone = bytes === undefined && claimed === null && expectedHash === null
    const sentence = isNone
      ? 'Nothing was frozen: the dispute was never opened.'
      : 'What was frozen is not in the pack.'
    return [{ subject: 'frozen evidence', isRight: isNone ? null : false, sentence }]
  }
  const hash = hashOf(bytes)
  if (hash !== claimed || (expectedHash !== null && hash !== expectedHash.toLowerCase()))
    return [
      wrong(
        'frozen evidence',
        `The frozen evidence has the hash ${hash}, not ${expectedHash ?? claimed}.`,
      ),
    ]
  const frozen = frozenFilesOf(parsed(bytes))
  if (frozen === null)
    return [wrong('frozen evidence', 'The list of what was frozen cannot be read.')]
  const changed = frozen.filter(({ number, name, media, sha256 }) => {
    const file = listed.find(({ path }) => path === evidencePath({ number, name, added_by: 'hub' }))
    const isSame = file?.media === media && (file.sha256 === sha256 || file.redacted === true)
    return !isSame
  })
  if (changed.length > 0) {
    const names = changed.map(({ name }) => name).join(', ')
    return [wrong('frozen evidence', `Not as it was frozen: ${names}.`)]
  }
  const held = `${countText(frozen.length, 'file')} as they were frozen; evidence hash ${hash}.`
  const redacted = listed.filter((file) => file.redacted === true).map(({ path }) => path)
  if (redacted.length === 0) return [right('frozen evidence', held)]
  const but = `But the pack says that personal data in ${redacted.join(', ')} was hashed after its retention: what else these say cannot be compared with what was frozen.`
  return [none('frozen evidence', `${held} ${but}`)]
}

/** Where a piece of evidence stands in the ZIP. */
export function evidencePath(piece: { number: number; name: string; added_by: string }): string {
  const { number, name } = piece
  if (name === EVIDENCE_NAMES.manifest && piece.added_by === 'hub') return PACK_PATHS.frozen
  return `evidence/${String(number).padStart(3, '0')}-${name}`
}

function checkEvents(subject: string, list: unknown): PackCheck {
  const events = eventsOf(list)
  if (events === null) return wrong(subject, 'The events cannot be read.')
  if (events.length === 0) return none(subject, 'No events are in the pack.')
  const fault = chainFault(events)
  if (fault !== null) return wrong(subject, `The chain is broken: ${fault}.`)
  const withheld = events.filter(({ said }) => said === null).length
  const more =
    withheld === 0
      ? ''
      : ` What ${withheld} of them say is withheld: names of operators of the hub, or a card after its retention.`
  return right(
    subject,
    `${countText(events.length, 'event')}, each following from the one before.${more}`,
  )
}

/** Adds up the differences of the CDRs of a pattern again. */
function checkPattern(
  files: Files,
  { manifest, listed }: { manifest: unknown; listed: readonly PackFile[] },
): PackCheck {
  const subject = 'pattern'
  const file = (name: string): Buffer | undefined => evidence(files, { listed, name })
  const pattern = parsed(file(EVIDENCE_NAMES.pattern))
  const lines = parsed(file(EVIDENCE_NAMES.patternLines))
  const tariffs = parsed(file(EVIDENCE_NAMES.patternTariffs))
  const table = file(EVIDENCE_NAMES.patternTable)
  const fault = patternFault({ manifest, pattern, lines, tariffs, table })
  if (fault !== null) return wrong(subject, `The list of CDRs does not hold: ${fault}.`)
  const money = (name: string): string =>
    `${String(at(pattern, `/${name}`))} ${String(at(pattern, '/currency'))}`
  const measured = at(pattern, '/test') === null ? '' : ' The figures of the test agree with it.'
  return right(
    subject,
    `${String(at(pattern, '/cdrs'))} CDRs add up to what is disputed: ${money('net')} before tax, ${money('tax')} tax.${measured}`,
  )
}

/** Prices the CDR again by the tariffs in the pack. */
function checkPrice(files: Files, listed: readonly PackFile[]): PackCheck {
  const subject = 'recomputation'
  const bytes = evidence(files, { listed, name: EVIDENCE_NAMES.recomputation })
  if (bytes === undefined) return none(subject, 'The pack holds no recomputation.')
  const kept = recomputationOf(parsed(bytes))
  if (kept === null) return wrong(subject, 'The recomputation cannot be read.')
  if (!kept.possible) return none(subject, `The price could not be recomputed: ${kept.why}`)
  const cdr = parsed(evidence(files, { listed, name: EVIDENCE_NAMES.cdr }))
  if (kept.as_sent && cdr !== undefined && !isSameClaim(cdr, kept.cdr))
    return wrong(subject, 'What was priced is not the CDR in the pack.')
  const priced = repriced(kept)
  if (!isSameBill(priced, kept.bill))
    return wrong(
      subject,
      `Priced again it comes to ${billText(priced)}, not ${billText(kept.bill)}.`,
    )
  const mended = kept.as_sent ? '' : ' The hub had mended the CDR before; see its notes.'
  return right(
    subject,
    `Priced again by the tariffs in the pack: ${billText(priced)}, as recorded.${mended}`,
  )
}

/** What a bill comes to, in words: `5.50 EUR before tax, 6.60 EUR with it`. */
export function billText(bill: unknown): string {
  if (at(bill, '/ok') !== true)
    return `no price (${readText(at(bill, '/message')) ?? 'no reason given'})`
  const currency = readText(at(bill, '/currency')) ?? ''
  const total = (side: string): string | null => {
    const amount = readDecimal(at(bill, `/total/${side}`))
    return amount === null ? null : amountText(figureOf(textOf(amount)), currency)
  }
  const [net, gross] = [total('excl'), total('incl')]
  if (net === null) return gross === null ? 'no total' : `${gross} with tax`
  return `${net} before tax${gross === null ? '' : `, ${gross} with it`}`
}

/** Reads the signed records of the CDR again. */
function checkSigned(files: Files, listed: readonly PackFile[]): PackCheck {
  const subject = 'signed meter data'
  const bytes = evidence(files, { listed, name: EVIDENCE_NAMES.signed })
  if (bytes === undefined) return none(subject, 'The pack holds no signed meter data.')
  const kept = parsed(bytes)
  const path = pathOf({ listed, name: EVIDENCE_NAMES.cdr })
  if (listed.some((file) => file.path === path && file.redacted === true))
    return none(
      subject,
      'The signed records named the card and were removed after their retention.',
    )
  const cdr = parsed(evidence(files, { listed, name: EVIDENCE_NAMES.cdr }))
  const read = readSigned(cdr, { registeredKey: readText(at(kept, '/registered_key')) })
  const again: unknown = JSON.parse(JSON.stringify(read))
  if (!isDeepStrictEqual(again, at(kept, '/readings')))
    return wrong(
      subject,
      'Read again, the signed records say something else than what is recorded.',
    )
  if (read.length === 0) return none(subject, 'The CDR carries none.')
  const count = (verdict: string): number => read.filter((each) => each.verdict === verdict).length
  const parts = (['valid', 'invalid', 'unverified'] as const)
    .filter((verdict) => count(verdict) > 0)
    .map((verdict) => `${countText(count(verdict), 'record')} ${VERDICTS[verdict]}`)
  return right(subject, `Checked again, as recorded: ${parts.join(', ')}.`)
}

const VERDICTS = {
  valid: 'with a signature that fits',
  invalid: 'with a wrong signature',
  unverified: 'that cannot be checked here',
} as const

function evidence(
  files: Files,
  what: { listed: readonly PackFile[]; name: string },
): Buffer | undefined {
  const path = pathOf(what)
  return path === undefined ? undefined : files.get(path)
}

function pathOf({
  listed,
  name,
}: {
  listed: readonly PackFile[]
  name: string
}): string | undefined {
  return listed.find(
    ({ path, added_by: by }) => by === 'hub' && /^evidence\/\d{3,}-(.+)$/.exec(path)?.[1] === name,
  )?.path
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function right(subject: string, sentence: string): PackCheck {
  return { subject, isRight: true, sentence }
}

function wrong(subject: string, sentence: string): PackCheck {
  return { subject, isRight: false, sentence }
}

function none(subject: string, sentence: string): PackCheck {
  return { subject, isRight: null, sentence }
}
