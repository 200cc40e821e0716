import type { Command, CommandCall, Outcome } from '../command.ts'
import { CliStop, EXIT } from '../exit-codes.ts'
import { items, listing, member, pairs, table, text } from '../show.ts'

const COUNT_MAX = 500
const REASON = { reason: { value: 'TEXT', about: 'why; goes into the audit log' } }
const LIMIT = { limit: { value: 'N', about: 'how many at most, 1 to 500 (100)' } }

/** Commands about the hub itself and who is connected to it. */
export const hubCommands: readonly Command[] = [
  {
    words: 'status',
    args: [],
    about:
      'Is the hub ready, what waits, what failed, which alerts are open (1: not ready, or work has failed)',
    run: showStatus,
  },
  {
    words: 'platforms',
    args: [],
    about: 'List the connected platforms',
    options: LIMIT,
    run: async ({ hub, option }) => {
      const page = await hub.get(`/admin/v1/platforms${query({ limit: option('limit') })}`)
      const rows = items(page).map((platform) => [
        text(platform, 'id'),
        text(platform, 'name'),
        text(platform, 'status') + (member(platform, 'offline_since') === null ? '' : ', offline'),
        text(platform, 'version'),
        items(platform, 'roles')
          .map(
            (role) =>
              `${text(role, 'role')}:${text(role, 'country_code')}-${text(role, 'party_id')}`,
          )
          .join(', '),
        text(platform, 'last_seen_at'),
      ])
      const shown =
        rows.length === 0
          ? 'none'
          : table(['id', 'name', 'status', 'version', 'roles', 'last seen'], rows)
      return { code: EXIT.ok, text: shown, json: page }
    },
  },
  {
    words: 'platforms invite',
    args: [],
    about:
      'Make a place for a platform; prints token A, which the partner needs to register. In OCPI 2.1.1 a connection is one side: invite who is CPO and eMSP twice',
    options: {
      name: { value: 'NAME', about: 'name of the platform' },
      role: {
        value: 'CPO:NL-TNM',
        many: true,
        about: 'a role and party it may register; repeat for more',
      },
      ...REASON,
    },
    run: invitePlatform,
  },
  ...(['suspend', 'resume', 'rotate'] as const).map((verb) => ({
    words: `platforms ${verb}`,
    args: ['ID'],
    about: {
      suspend: 'Cut a platform off',
      resume: 'Let it back in',
      rotate: 'Exchange credentials with it',
    }[verb],
    options: REASON,
    run: async ({ hub, args, option }: CommandCall): Promise<Outcome> => {
      const platform = await hub.post(
        `/admin/v1/platforms/${segment(args[0])}/${verb}`,
        withReason(option('reason')),
      )
      return {
        code: EXIT.ok,
        text: `${text(platform, 'id')} is ${text(platform, 'status')}`,
        json: platform,
      }
    },
  })),
  {
    words: 'alerts',
    args: [],
    about: 'List alerts with what to do about them',
    options: { state: { value: 'STATE', about: 'open (normal) or acknowledged' }, ...LIMIT },
    run: async ({ hub, option }) => {
      const state = option('state') ?? 'open'
      const page = await hub.get(`/admin/v1/alerts${query({ state, limit: option('limit') })}`)
      const shown = listing(
        page,
        ['id', 'severity', 'code', 'subject', 'count', 'message', 'what_to_do'],
        ['count'],
      )
      return { code: EXIT.ok, text: shown, json: page }
    },
  },
  {
    words: 'alerts acknowledge',
    args: ['ID'],
    about: 'Take an alert off the open list',
    options: REASON,
    run: async ({ hub, args, option }) => {
      const alert = await hub.post(
        `/admin/v1/alerts/${segment(args[0])}/acknowledge`,
        withReason(option('reason')),
      )
      return {
        code: EXIT.ok,
        text: `alert ${text(alert, 'id')} is ${text(alert, 'state')}`,
        json: alert,
      }
    },
  },
  {
    words: 'outbox',
    args: [],
    about: 'List work that leaves the hub',
    options: { state: { value: 'STATE', about: 'failed (normal), open or finished' }, ...LIMIT },
    run: async ({ hub, option }) => {
      const state = option('state') ?? 'failed'
      const page = await hub.get(`/admin/v1/outbox${query({ state, limit: option('limit') })}`)
      const fields = ['id', 'kind', 'platform', 'subject', 'attempts', 'outcome', 'error', 'due_at']
      return { code: EXIT.ok, text: listing(page, fields, ['attempts']), json: page }
    },
  },
  {
    words: 'outbox replay',
    args: ['ID'],
    about: 'Do finished or failed work again',
    options: REASON,
    run: async ({ hub, args, option }) => {
      const row = await hub.post(
        `/admin/v1/outbox/${segment(args[0])}/replay`,
        withReason(option('reason')),
      )
      return { code: EXIT.ok, text: `outbox row ${text(row, 'id')} is open again`, json: row }
    },
  },
]

/** A path segment out of an argument. */
export function segment(argument: string | undefined): string {
  return encodeURIComponent(argument ?? '')
}

/** A query string of what is defined, with its question mark. */
export function query(values: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(values))
    if (value !== undefined) search.set(name, value)
  return search.size === 0 ? '' : `?${search}`
}

/** The optional reason of a change as its body. */
export function withReason(reason: string | undefined): object {
  return reason === undefined ? {} : { reason }
}

async function showStatus({ hub }: CommandCall): Promise<Outcome> {
  const ready = await hub.look('/health/ready')
  const failed = await hub.get(`/admin/v1/outbox?state=failed&limit=${COUNT_MAX}`)
  const open = await hub.get(`/admin/v1/outbox?state=open&limit=${COUNT_MAX}`)
  const alerts = await hub.get(`/admin/v1/alerts?state=open&limit=${COUNT_MAX}`)
  const isReady = ready.status === 200
  const isRight = isReady && items(failed).length === 0
  const shown = [
    pairs([
      ['hub', hub.url],
      ['ready', isReady ? 'yes' : `no: ${ready.text}`],
      ['work open', counted(open)],
      ['work failed', counted(failed)],
      ['alerts open', counted(alerts)],
    ]),
    ...(items(alerts).length === 0
      ? []
      : [listing(alerts, ['id', 'severity', 'code', 'subject', 'what_to_do'])]),
  ].join('\n\n')
  const json = {
    url: hub.url,
    ready: isReady,
    work: { open: items(open).length, failed: items(failed).length },
    alerts: items(alerts),
  }
  return { code: isRight ? EXIT.ok : EXIT.differs, text: shown, json }
}

function counted(page: unknown): string {
  const more = typeof member(page, 'next_cursor') === 'string' ? ' or more' : ''
  return `${items(page).length}${more}`
}

async function invitePlatform({ hub, option, options }: CommandCall): Promise<Outcome> {
  const name = option('name')
  if (name === undefined)
    throw new CliStop(EXIT.usage, 'Give the platform a name: --name "Acme Charging".')
  if (options('role').length === 0)
    throw new CliStop(EXIT.usage, 'Give at least one role: --role CPO:NL-TNM.')
  const roles = options('role').map(readRole)
  const invited = await hub.post('/admin/v1/platforms', {
    name,
    roles,
    ...withReason(option('reason')),
  })
  const shown = [
    pairs([
      ['id', text(invited, 'id')],
      ['token A', text(invited, 'token_a')],
      ['versions URL', text(invited, 'versions_url')],
      ['if a CPO of 2.1.1', text(invited, 'versions_url_cpo')],
      ['if an eMSP of 2.1.1', text(invited, 'versions_url_emsp')],
    ]),
    'Give token A and its versions URL to the partner; the token is not shown again.',
  ].join('\n')
  return { code: EXIT.ok, text: shown, json: invited }
}

function readRole(argument: string): { role: string; country_code: string; party_id: string } {
  const match = /^([A-Za-z]+):([A-Za-z]{2})-([A-Za-z0-9]{3})$/.exec(argument)
  const [, role = '', country = '', party = ''] = match ?? []
  if (match === null)
    throw new CliStop(EXIT.usage, `--role ${argument} is not of the form CPO:NL-TNM.`)
  return { role: role.toUpperCase(), country_code: country, party_id: party }
}
