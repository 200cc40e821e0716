import type { Command, CommandCall, Outcome } from '../command.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { member, text } from '../show.ts'
import { segment, withReason } from './hub.ts'

/** How a partner differs from the specification. */
export const quirkCommands: readonly Command[] = [
  {
    words: 'platforms quirks',
    args: ['ID', 'KEY=VALUE…'],
    about:
      'Say how a partner differs from OCPI, say numbers_as_strings=true page_size_max=50 origins=api.example.com,cdn.example.com; KEY=null takes one back',
    options: { reason: { value: 'TEXT', about: 'why; goes into the audit log' } },
    run: changeQuirks,
  },
]

async function changeQuirks({ hub, args, option }: CommandCall): Promise<Outcome> {
  const [id, ...given] = args
  const quirks = Object.fromEntries(given.map(readQuirk))
  const platform = await hub.patch(`/admin/v1/platforms/${segment(id)}`, {
    quirks,
    ...withReason(option('reason')),
  })
  const now = Object.entries(Object(member(platform, 'quirks')))
  const lines = now.map(([name, value]) => `  ${name}=${JSON.stringify(value)}`)
  const shown =
    lines.length === 0
      ? `${text(platform, 'id')} has no quirks`
      : [`${text(platform, 'id')} has the quirks`, ...lines].join('\n')
  return { code: EXIT.ok, text: shown, json: platform }
}

function readQuirk(argument: string): [string, unknown] {
  const match = /^([a-z_]+)=(.+)$/.exec(argument)
  const [, name = '', value = ''] = match ?? []
  if (match === null)
    throw new CliStop(EXIT.usage, `${argument} is not of the form KEY=VALUE, say pull=true.`)
  const isList = name === 'origins' && value !== 'null' && !value.startsWith('[')
  return [name, isList ? value.split(',') : jsonOr(value)]
}

/** Numbers, true, false, null and objects are written as JSON; anything else is a word. */
function jsonOr(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
