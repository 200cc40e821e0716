import type { Command, CommandCall, Outcome } from '../command.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import type { HubClient } from '../http.ts'
import { items, member, pairs, table, text } from '../show.ts'
import { segment, withReason } from './hub.ts'

/** How a partner differs from the specification. */
export const quirkCommands: readonly Command[] = [
  {
    words: 'platforms show',
    args: ['ID'],
    about: 'Show a platform: its parties, its endpoints, and its quirks with what each does',
    run: showPlatform,
  },
  {
    words: 'quirks',
    args: [],
    about: 'List every quirk that `platforms quirks` can set, with what it does',
    run: async ({ hub }) => {
      const known = await readKnown(hub)
      const shown = table(
        ['quirk', 'what it does'],
        known.map(({ name, about }) => [name, about]),
      )
      return { code: EXIT.ok, text: shown, json: known }
    },
  },
  {
    words: 'platforms quirks',
    args: ['ID', 'KEY=VALUE…'],
    about:
      'Say how a partner differs from OCPI, say numbers_as_strings=true page_size_max=50 origins=api.example.com,cdn.example.com; KEY=null takes one back; `quirks` lists them all',
    options: { reason: { value: 'TEXT', about: 'why; goes into the audit log' } },
    run: changeQuirks,
  },
]

async function showPlatform({ hub, args }: CommandCall): Promise<Outcome> {
  const platform = await hub.get(`/admin/v1/platforms/${segment(args[0])}`)
  const known = new Map((await readKnown(hub)).map(({ name, about }) => [name, about]))
  const given = Object.entries(Object(member(platform, 'quirks')))
  const roles = items(platform, 'roles').map((role) => [
    `${text(role, 'role')} ${text(role, 'country_code')}-${text(role, 'party_id')}`,
    member(role, 'registered') === true ? 'registered' : 'invited',
  ])
  const endpoints = items(platform, 'endpoints').map((endpoint) => [
    text(endpoint, 'module'),
    text(endpoint, 'interface'),
    text(endpoint, 'url'),
  ])
  const fields = ['id', 'name', 'status', 'version', 'versions_url', 'last_seen_at']
  const shown = [
    pairs([...fields, 'offline_since'].map((name) => [name, text(platform, name)])),
    table(['party', 'state'], roles),
    endpoints.length === 0 ? 'no endpoints' : table(['module', 'interface', 'url'], endpoints),
    given.length === 0
      ? 'no quirks'
      : table(
          ['quirk', 'value', 'what it does'],
          given.map(([name, value]) => [name, JSON.stringify(value), known.get(name) ?? '']),
        ),
  ].join('\n\n')
  return { code: EXIT.ok, text: shown, json: platform }
}

type Known = { name: string; about: string }

/** The quirks as the hub's own API document describes them. */
async function readKnown(hub: HubClient): Promise<Known[]> {
  const document = await hub.get('/admin/v1/openapi.json')
  const path = ['paths', '/platforms/{id}', 'get', 'responses', '200', 'content']
  const schema = ['application/json', 'schema', 'properties', 'quirks', 'properties']
  const quirks = [...path, ...schema].reduce(member, document)
  return Object.entries(Object(quirks)).map(([name, quirk]) => ({
    name,
    about: text(quirk, 'description'),
  }))
}

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
