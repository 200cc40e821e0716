import { createHash } from 'node:crypto'
import { limits } from '../../../config/limits.ts'
import { packFault, verifyPack } from '../../clearing/pack/verify.ts'
import type { PackCheck } from '../../clearing/pack/verify.ts'
import type { Command, CommandCall, Outcome } from '../command.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { readBytes } from '../read-bytes.ts'
import { readZip } from '../read-zip.ts'
import { printable } from '../show.ts'

/** Evidence packs of disputes. */
export const evidenceCommands: readonly Command[] = [
  {
    words: 'evidence verify',
    args: ['FILE.zip'],
    about:
      'Check an evidence pack of a dispute: every file, the chains of events and what is said by them, the price and the signed meter data (0: all holds, 1: something does not, 2: no pack); needs no hub',
    options: {
      hash: {
        value: 'SHA256',
        about:
          'the evidence hash as the hub shows it with the dispute; without it that of the pack itself',
      },
    },
    run: verifyFile,
  },
]

async function verifyFile(call: CommandCall): Promise<Outcome> {
  const file = call.args[0] ?? ''
  const expectedHash = call.option('hash') ?? null
  if (expectedHash !== null && !/^[0-9a-fA-F]{64}$/.test(expectedHash))
    throw new CliStop(EXIT.usage, '--hash is a SHA-256: 64 hexadecimal digits.')
  const bytes = readBytes(file, { bytesMax: limits.packBytesMax })
  const zip = await readZip(bytes)
  if (!zip.ok)
    throw new CliStop(EXIT.cannot, `${file} is refused as an evidence pack: ${zip.problem}.`)
  const fault = packFault(zip.files)
  if (fault !== null) throw new CliStop(EXIT.cannot, `${file} is no evidence pack: ${fault}.`)
  const checks = checksOf(zip.files, expectedHash)
  const hash = createHash('sha256').update(bytes).digest('hex')
  const isRight = checks.every((check) => check.isRight !== false)
  const verdict = isRight
    ? 'Everything that can be checked holds.'
    : 'This pack does not hold: do not rely on it.'
  return {
    code: isRight ? EXIT.ok : EXIT.differs,
    text: `${checks.map(lineOf).join('\n')}\n\nSHA-256 of the pack: ${hash}\n${verdict}${adviceOf(checks, expectedHash)}`,
    json: {
      holds: isRight,
      sha256: hash,
      checks: checks.map(({ subject, isRight: holds, sentence }) => ({ subject, holds, sentence })),
    },
  }
}

/** JSON nested deeper than any real one exhausts the stack: such a pack is refused like a broken one. */
function checksOf(files: ReadonlyMap<string, Buffer>, expectedHash: string | null): PackCheck[] {
  try {
    return verifyPack(files, { expectedHash })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CliStop(EXIT.cannot, 'The pack is refused: something in it is nested too deep.')
  }
}

function lineOf({ subject, isRight, sentence }: PackCheck): string {
  const mark = isRight === null ? '–' : isRight ? '✓' : '✗'
  return printable(`${mark} ${subject.padEnd(22)} ${sentence}`)
}

function adviceOf(checks: readonly PackCheck[], expectedHash: string | null): string {
  const isFrozen = checks.some(
    ({ subject, isRight }) => subject === 'frozen evidence' && isRight === true,
  )
  return isFrozen && expectedHash === null
    ? ' A pack can be forged as a whole: compare its evidence hash with the one that the hub shows, or give it with --hash.'
    : ''
}
