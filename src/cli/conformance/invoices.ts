import { ask } from './bench.ts'
import type { Bench } from './bench.ts'
import type { Check } from './check.ts'
import type { Listing } from './listing.ts'
import { timeAt } from './made.ts'
import { askList, listChecks } from './more-lists.ts'
import type { Pushed } from './place.ts'
import { offerChecks } from './reach.ts'
import type { At } from './reach.ts'
import { writeChecks } from './writes.ts'

const MODULE = 'invoicereconciliation'
const LIST = { label: 'invoices', module: MODULE, path: '' } as const

const HOUR_MS = 3_600_000

/** Either side may be the one that invoices, so both interfaces may be there whatever the partner is. */
export function invoiceChecks(bench: Bench, listings: Map<string, Listing>): Check[] {
  const { countryCode, partyId } = bench.settings.party
  return [
    ...offerChecks(bench, listings, {
      module: MODULE,
      side: 'sender',
      probe: (at) => askList(bench, at, LIST.path),
      rows: (at) => listChecks(bench, listings, { list: LIST, at }),
    }),
    ...offerChecks(bench, listings, {
      module: MODULE,
      side: 'receiver',
      probe: ({ url, whom }) =>
        ask(bench, {
          method: 'GET',
          url: `${url}/${countryCode}/${partyId}/CONF-NOBODY`,
          for: whom,
        }),
      rows: (at) => writeChecks(bench, record(bench, at)),
    }),
  ]
}

/** A record of an invoice of ours. It has no member that may be left out: a custom one stands for that. */
function record({ settings }: Bench, { url, whom }: At): Pushed {
  const { party, clock } = settings
  const nowMs = clock()
  const id = `CONF-I-${nowMs.toString(36).toUpperCase()}`
  return {
    module: MODULE,
    label: 'invoices',
    url,
    path: '/:owner/:id',
    readSection: 'GET Method',
    create: 'POST',
    id,
    idMember: 'id',
    object: {
      country_code: party.countryCode,
      party_id: party.partyId,
      id,
      invoice_id: 'CONF-2026-1',
      cdrs: ['CONF-CDR-1'],
      last_updated: timeAt(nowMs - HOUR_MS),
    },
    required: 'invoice_id',
    change: { member: 'invoice_id', value: 'CONF-2026-2' },
    optional: 'conformance_test_optional',
    ended: {},
    changedAt: timeAt(nowMs - HOUR_MS / 2),
    hasPatch: false,
    hasDelete: true,
    isKept: false,
    for: whom,
  }
}
