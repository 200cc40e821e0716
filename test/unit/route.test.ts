// The routing decision as a table: a row for every endpoint, a cell for every addressee and content (2.2.1 Message
// routing). A new endpoint without a row fails.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ERRORS } from '../../src/errors.ts'
import { route } from '../../src/hub/route.ts'
import type { Plan } from '../../src/hub/route.ts'
import type { Endpoint, Module } from '../../src/ocpi/define.ts'
import { MODULES } from '../../src/ocpi/registry.ts'
import { note } from '../helpers/note.ts'

const HUB = 'NL-XCH'
/** The party that the content names where it names one, another that is known, and one that nobody knows. */
const DE = 'DE-EMA'
const FR = 'FR-EMB'
const XX = 'XX-XXX'

const ADDRESSEES = [null, HUB, DE, FR, XX] as const
const CONTENTS: readonly (readonly string[])[] = [[], [DE], [DE, FR]]

/**
 * Outcomes by addressee – nobody, the hub, DE, FR, XX – each for content that names nobody, DE, or DE and FR.
 * `>` forwards to the addressee, `>DE` to DE, `cmd` and `clear` the same as a command or CDR; `all` broadcasts;
 * `2001 header` and `2003 /location_id` refuse with the place of the fault. That nobody knows XX (4001) and who is not
 * connected (4003) is the directory's to say: the decision is the same for every party.
 */
type Row = readonly [string, string, string, string, string]

/** One's own modules are never routed (2.2.1 Message routing: SHALL NOT). */
const LOCAL: Row = [
  'local local local',
  'local local local',
  'local local local',
  'local local local',
  'local local local',
]
/** GET ALL via hub; without an addressee it is nobody's (Open Routing: not GET ALL). A GET is never a broadcast. */
const LIST: Row = [
  '2001:header 2001:header 2001:header',
  'store store store',
  '> > >',
  '> > >',
  '> > >',
]
/** One object at its owner: the store knows whose it is. */
const OWN: Row = ['store store store', 'store store store', '> > >', '> > >', '> > >']
/** One copy at a reader: whose is asked must be said. */
const COPY: Row = LIST
/** The Location of a CDR is a URL of the hub, whoever is addressed. */
const CDR_URL: Row = [
  'store store store',
  'store store store',
  'store store store',
  'store store store',
  'store store store',
]
/** What is meant for everyone. */
const FOR_ALL: Row = ['all all all', 'all all all', '> > >', '> > >', '> > >']
/** Sessions and CDRs go to the party in cdr_token and to nobody else; they are never broadcast. */
const BY_CARD: Row = [
  '2001:/cdr_token >DE >DE',
  '2001:header 2001:header 2001:header',
  '> > >',
  '> 2001:/cdr_token 2001:/cdr_token',
  '> 2001:/cdr_token 2001:/cdr_token',
]
const CDR: Row = [
  '2001:/cdr_token clear:DE clear:DE',
  '2001:header 2001:header 2001:header',
  'clear clear clear',
  'clear 2001:/cdr_token 2001:/cdr_token',
  'clear 2001:/cdr_token 2001:/cdr_token',
]
/** Nobody is addressed: whoever knows the token is asked. */
const AUTHORIZE: Row = ['ask ask ask', 'ask ask ask', '> > >', '> > >', '> > >']
/** Nothing in it tells whom it is for. */
const ADDRESSED: Row = [
  '2001:header 2001:header 2001:header',
  '2001:header 2001:header 2001:header',
  '> > >',
  '> > >',
  '> > >',
]
const BY_SESSION: Row = [
  '2003:path:session_id >DE 2003:path:session_id',
  '2001:header 2001:header 2001:header',
  '> > >',
  '> > >',
  '> > >',
]
/** Commands go where their location, session or reservation is; several are not guessed between. */
const commandBy = (place: string): Row => [
  `2003:${place} cmd:DE 2003:${place}`,
  '2001:header 2001:header 2001:header',
  'cmd cmd cmd',
  'cmd cmd cmd',
  'cmd cmd cmd',
]
/** A command that OCPI does not name: nothing is known of its content. */
const OTHER_COMMAND: Row = [
  '2001:header 2001:header 2001:header',
  '2001:header 2001:header 2001:header',
  'cmd cmd cmd',
  'cmd cmd cmd',
  'cmd cmd cmd',
]

const TABLE: Readonly<Record<string, Row>> = {
  'GET sender credentials /': LOCAL,
  'POST sender credentials /': LOCAL,
  'PUT sender credentials /': LOCAL,
  'DELETE sender credentials /': LOCAL,
  'GET sender hubclientinfo /': LOCAL,

  'GET sender locations /': LIST,
  'GET sender locations /:id/:evse_uid?/:connector_id?': OWN,
  'GET receiver locations /:country_code/:party_id/:id/:evse_uid?/:connector_id?': COPY,
  'PUT receiver locations /:country_code/:party_id/:id/:evse_uid?/:connector_id?': FOR_ALL,
  'PATCH receiver locations /:country_code/:party_id/:id/:evse_uid?/:connector_id?': FOR_ALL,

  'GET sender tariffs /': LIST,
  'GET receiver tariffs /:country_code/:party_id/:id': COPY,
  'PUT receiver tariffs /:country_code/:party_id/:id': FOR_ALL,
  'PATCH receiver tariffs /:country_code/:party_id/:id': FOR_ALL,
  'DELETE receiver tariffs /:country_code/:party_id/:id': FOR_ALL,

  'GET sender tokens /': LIST,
  'POST sender tokens /:uid/authorize': AUTHORIZE,
  'GET receiver tokens /:country_code/:party_id/:uid': COPY,
  'PUT receiver tokens /:country_code/:party_id/:uid': FOR_ALL,
  'PATCH receiver tokens /:country_code/:party_id/:uid': FOR_ALL,

  'GET sender sessions /': LIST,
  'PUT sender sessions /:session_id/charging_preferences': BY_SESSION,
  'GET receiver sessions /:country_code/:party_id/:id': COPY,
  'PUT receiver sessions /:country_code/:party_id/:id': BY_CARD,
  'PATCH receiver sessions /:country_code/:party_id/:id': BY_CARD,

  'GET sender cdrs /': LIST,
  'POST receiver cdrs /': CDR,
  'GET receiver cdrs /:country_code/:party_id/:id': CDR_URL,

  'POST receiver commands /START_SESSION': commandBy('/location_id'),
  'POST receiver commands /RESERVE_NOW': commandBy('/location_id'),
  'POST receiver commands /UNLOCK_CONNECTOR': commandBy('/location_id'),
  'POST receiver commands /STOP_SESSION': commandBy('/session_id'),
  'POST receiver commands /CANCEL_RESERVATION': commandBy('/reservation_id'),
  'POST receiver commands /:command': OTHER_COMMAND,

  'GET receiver chargingprofiles /:session_id': commandBy('path:session_id'),
  'PUT receiver chargingprofiles /:session_id': commandBy('path:session_id'),
  'DELETE receiver chargingprofiles /:session_id': commandBy('path:session_id'),
  'PUT sender chargingprofiles /:session_id': BY_SESSION,

  'GET sender invoicereconciliation /': ADDRESSED,
  'POST receiver invoicereconciliation /': ADDRESSED,
  'GET receiver invoicereconciliation /:country_code/:party_id/:id': ADDRESSED,
  'PUT receiver invoicereconciliation /:country_code/:party_id/:id': ADDRESSED,
  'DELETE receiver invoicereconciliation /:country_code/:party_id/:id': ADDRESSED,

  'GET sender payments /terminals': ADDRESSED,
  'POST sender payments /terminals/activate': ADDRESSED,
  'POST sender payments /terminals/:terminal_id/deactivate': ADDRESSED,
  'GET sender payments /terminals/:terminal_id': ADDRESSED,
  'PUT sender payments /terminals/:terminal_id': ADDRESSED,
  'PATCH sender payments /terminals/:terminal_id': ADDRESSED,
  'GET sender payments /financial-advice-confirmations': ADDRESSED,
  'GET sender payments /financial-advice-confirmations/:id': ADDRESSED,
  'GET receiver payments /terminals/:terminal_id': ADDRESSED,
  'POST receiver payments /terminals': ADDRESSED,
  'GET receiver payments /financial-advice-confirmations/:id': ADDRESSED,
  'POST receiver payments /financial-advice-confirmations': ADDRESSED,

  'GET sender Booking /booking_locations': ADDRESSED,
  'GET sender Booking /booking_locations/:booking_location_id': ADDRESSED,
  'GET sender Booking /booking_locations/:booking_location_id/:calendar_id': ADDRESSED,
  'GET sender Booking /': ADDRESSED,
  'POST sender Booking /': ADDRESSED,
}

/** Booking has many paths of one kind: the CPO's pushes to one eMSP. */
const isBookingPush = ({ id }: Module, endpoint: Endpoint) =>
  id === 'Booking' && endpoint.interface === 'receiver'

const ENDPOINTS = MODULES.flatMap((module) =>
  Object.values(module.endpoints).map((endpoint) => ({
    module,
    endpoint,
    name: `${endpoint.method} ${endpoint.interface} ${module.id} ${endpoint.path}`,
  })),
)

function short(plan: Plan, to: string | null): string {
  switch (plan.kind) {
    case 'refuse': {
      const place = plan.pointer.startsWith('header:') ? 'header' : plan.pointer
      return `${ERRORS[plan.code].ocpi}:${place}`
    }
    case 'broadcast':
      return 'all'
    case 'direct':
      return plan.receiver === to ? '>' : `>${plan.receiver.slice(0, 2)}`
    case 'command':
    case 'clear': {
      const name = plan.kind === 'command' ? 'cmd' : 'clear'
      return plan.receiver === to ? name : `${name}:${plan.receiver.slice(0, 2)}`
    }
    default:
      return plan.kind
  }
}

let cells = 0
for (const { module, endpoint, name } of ENDPOINTS) {
  const row = TABLE[name] ?? (isBookingPush(module, endpoint) ? ADDRESSED : undefined)
  test(`${name}: has a row, and each cell of it holds`, () => {
    assert.ok(row, `there is no row for ${name}`)
    for (const [index, to] of ADDRESSEES.entries()) {
      const wanted = row?.[index]?.split(' ') ?? []
      const plans = CONTENTS.map((content) => {
        cells += 1
        return short(route({ module, endpoint, to, hub: HUB, content }), to)
      })
      assert.equal(plans, wanted, `to ${to ?? 'nobody'}`)
    }
  })
}

test('what is about a session of somebody else goes nowhere, whoever is addressed', () => {
  const about = ENDPOINTS.filter(({ endpoint }) => endpoint.openBy === 'session')
  const other = ENDPOINTS.filter(({ endpoint }) => endpoint.path === '/:command')
  assert.is(about.length + other.length, 7)
  for (const { module, endpoint, name } of [...about, ...other]) {
    for (const to of [DE, FR, XX]) {
      const plan = route({ module, endpoint, to, hub: HUB, content: null })
      assert.match(short(plan, to), /^2003:.*session_id$/, name)
    }
  }
})

test('every row is of an endpoint', () => {
  const names = new Set(ENDPOINTS.map(({ name }) => name))
  assert.equal(
    Object.keys(TABLE).filter((name) => !names.has(name)),
    [],
  )
  note(`routing table: ${cells} cells`)
})

const plansOf = ({ module, endpoint }: { module: Module; endpoint: Endpoint }) =>
  ADDRESSEES.flatMap((to) =>
    CONTENTS.map((content) => route({ module, endpoint, to, hub: HUB, content })),
  )

test('a GET is never a broadcast (81)', () => {
  for (const each of ENDPOINTS.filter(({ endpoint }) => endpoint.method === 'GET'))
    for (const plan of plansOf(each)) assert.is.not(plan.kind, 'broadcast', each.name)
})

test('only what is meant for everyone is broadcast (86)', () => {
  const broadcast = ENDPOINTS.filter((each) =>
    plansOf(each).some(({ kind }) => kind === 'broadcast'),
  )
  assert.equal(
    [...new Set(broadcast.map(({ module }) => module.id))],
    ['locations', 'tariffs', 'tokens'],
  )
})

test('several parties are never chosen between (93)', () => {
  for (const each of ENDPOINTS.filter(({ endpoint }) => endpoint.openBy !== 'cdr_token')) {
    const plan = route({ ...each, to: null, hub: HUB, content: [DE, FR] })
    assert.not.ok('receiver' in plan, each.name)
  }
})

test.run()
