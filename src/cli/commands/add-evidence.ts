import path from 'node:path'
import { limits } from '../../../config/limits.ts'
import type { CommandCall, Outcome } from '../command.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { readBytes } from '../read-bytes.ts'
import { pairs, text } from '../show.ts'
import { query, segment } from './hub.ts'

/** What a file is by its ending, as far as it can be evidence. */
const MEDIA: Readonly<Record<string, string>> = {
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.txt': 'text/plain',
  '.csv': 'text/csv',
  '.xml': 'application/xml',
  '.json': 'application/json',
}

/** Adds a file to the evidence of a dispute; a note becomes a text file of its own, numbered behind it. */
export async function addEvidence(call: CommandCall): Promise<Outcome> {
  const { args, hub, option } = call
  const [id, file = ''] = args
  const name = option('name') ?? path.basename(file)
  const media = option('media') ?? MEDIA[path.extname(file).toLowerCase()]
  if (media === undefined)
    throw new CliStop(
      EXIT.usage,
      `${name} is none of ${Object.keys(MEDIA).join(', ')}: convert it, or say what it is with --media, say text/plain.`,
    )
  const bytes = readBytes(file, {
    bytesMax: limits.evidenceUploadBytesMax,
    advice: ' Make it smaller, or add it in parts.',
  })
  const note = option('note')
  const files = [
    { name, media, bytes },
    ...(note === undefined
      ? []
      : [{ name: `${name}.note.txt`, media: 'text/plain', bytes: Buffer.from(`${note}\n`) }]),
  ]
  const added: unknown[] = []
  for (const { bytes: body, ...asked } of files)
    added.push(await hub.upload(`/admin/v1/disputes/${segment(id)}/evidence${query(asked)}`, body))
  const shown = added.map((each) =>
    pairs([
      ['evidence', `${text(each, 'number')} of dispute ${id}: ${text(each, 'name')}`],
      ['sha256', text(each, 'sha256')],
    ]),
  )
  return { code: EXIT.ok, text: shown.join('\n'), json: { items: added } }
}
