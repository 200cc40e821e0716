import { limits } from '../../../config/limits.ts'

/** What may be added, with how such a file begins; null: it is text. */
const MEDIA: Readonly<Record<string, readonly string[] | null>> = {
  'application/pdf': ['255044462d'],
  'image/png': ['89504e470d0a1a0a'],
  'image/jpeg': ['ffd8ff'],
  'text/plain': null,
  'text/csv': null,
  'text/xml': null,
  'application/xml': null,
  'application/json': null,
}

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9 ()_-]|\.(?!\.)){0,99}$/

/** Why a file cannot be evidence, in a sentence; null: it can. */
export function mediaFault({
  name,
  media,
  bytes,
}: {
  name: string
  media: string
  bytes: Uint8Array
}): string | null {
  if (!NAME.test(name) || name.length > limits.evidenceNameCharsMax)
    return `A file is named with letters, digits, blanks, dots and dashes, at most ${limits.evidenceNameCharsMax} characters.`
  const begin = Object.hasOwn(MEDIA, media) ? MEDIA[media] : undefined
  if (begin === undefined)
    return `Evidence is one of: ${Object.keys(MEDIA).join(', ')}; give it as media.`
  if (bytes.length === 0) return 'The file is empty.'
  if (bytes.length > limits.evidenceUploadBytesMax)
    return `A file has at most ${Math.floor(limits.evidenceUploadBytesMax / 1_048_576)} MiB.`
  const head = Buffer.from(bytes.subarray(0, 8)).toString('hex')
  const isRight = begin === null ? isText(bytes) : begin.some((start) => head.startsWith(start))
  return isRight ? null : `The file is not ${media}.`
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}
