import type { Command, CommandCall, Outcome } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { items, member, table, text } from '../show.ts'
import { query } from './hub.ts'

/** What the hub found in the tariffs of its partners. */
export const tariffCommands: readonly Command[] = [
  {
    words: 'tariffs lint',
    args: [],
    about:
      'List what the hub found in the tariffs that came; `lint` looks at one in a file instead',
    options: {
      party: { value: 'NL-TNM', about: 'tariffs of this CPO' },
      id: { value: 'ID', about: 'the tariff with this id' },
      severity: { value: 'SEVERITY', about: 'those with an error, a warning or an info' },
      code: { value: 'CODE', about: 'those with this finding' },
      limit: { value: 'N', about: 'how many tariffs at most, 1 to 500 (100)' },
    },
    run: listFindings,
  },
]

async function listFindings({ hub, option }: CommandCall): Promise<Outcome> {
  const names = ['party', 'id', 'severity', 'code', 'limit']
  const filter = Object.fromEntries(names.map((name) => [name, option(name)]))
  const page = await hub.get(`/admin/v1/tariffs/lint${query(filter)}`)
  const rows = items(page).flatMap((tariff) => {
    const name = `${text(tariff, 'country_code')}-${text(tariff, 'party_id')}/${text(tariff, 'id')}`
    return items(tariff, 'findings').map((finding) => [
      name,
      text(finding, 'severity'),
      text(finding, 'code'),
      text(finding, 'pointer'),
      text(finding, 'message'),
    ])
  })
  const more =
    typeof member(page, 'next_cursor') === 'string'
      ? '\nThere are more: give --limit, or narrow the filter.'
      : ''
  const found = `${items(page).length} tariffs, ${rows.length} findings${more}`
  const shown =
    rows.length === 0
      ? found
      : `${table(['tariff', 'severity', 'code', 'at', 'what happens'], rows)}\n\n${found}`
  return { code: EXIT.ok, text: shown, json: page }
}
