import { commandResponse, commandResult } from '../../ocpi/modules/command-schemas.ts'
import { foldKey } from '../../ocpi/primitives.ts'
import { isRecord } from '../../ocpi/validate.ts'
import { limits } from '../../../config/limits.ts'
import { ask, moduleUrl } from './bench.ts'
import type { Bench, For } from './bench.ts'
import { pass, fail, refusedAs, skipped, warn } from './check.ts'
import type { Check, Source, Verdict } from './check.ts'
import type { Exchange } from './exchange.ts'
import { awaitResult, notAccepted, records, responseVerdict } from './later-results.ts'
import type { Accepted } from './later-results.ts'
import { reachableFirst } from './listing.ts'
import type { Listing } from './listing.ts'
import { createMade, inVersion, timeAt } from './made.ts'
import type { Json } from './made.ts'
import type { Got } from './own-state.ts'

const POST: Source = ['mod_commands', 'POST Method']
const RESPONSE: Source = ['mod_commands', 'CommandResponse Object']
const RESULT: Source = ['mod_commands', 'CommandResult Object']

const HOUR_MS = 3_600_000

/** What the rows of commands, and of what is done to the started session, know together. */
export type Desk = {
  bench: Bench
  url: string
  /** The place that the commands are about; null when the partner lists none. */
  place: () => Place | null
  token: Json
  reservation: string | number
  /** Commands that were accepted, with the URL their result is due at. */
  accepted: Accepted
  /** The session that was started, once it was sent to us. */
  sessionId: string | null
}

export type Place = { location: Json; evse: Json; connector: Json; owner: For }

/** The place to send commands from; null when the partner takes none. */
export function commandDesk(bench: Bench, listings: ReadonlyMap<string, Listing>): Desk | null {
  const url = bench.role === 'cpo' ? moduleUrl(bench, 'commands') : undefined
  if (url === undefined) return null
  const { settings, version } = bench
  const nowMs = settings.clock()
  const token = inVersion(createMade(settings.party, nowMs).token('CONF-TOKEN-1'), {
    version,
    kind: 'token',
  })
  return {
    bench,
    url,
    place: () => placeIn(bench, reachableFirst('locations', listings)),
    token,
    reservation:
      version === '2.1.1'
        ? Math.floor(nowMs / 1_000) % 1_000_000_000
        : `CONF-R-${nowMs.toString(36)}`,
    accepted: new Map(),
    sessionId: null,
  }
}

/** Commands with their later results, in an order in which each has something to be about. */
export function commandChecks(desk: Desk): Check[] {
  const { bench, token } = desk
  const expiryMs = bench.settings.clock() + HOUR_MS
  return [
    ...commandRows(desk, 'UNLOCK_CONNECTOR', (place) => ({
      ...where(place),
      connector_id: place.connector['id'],
    })),
    ...commandRows(desk, 'RESERVE_NOW', (place) => ({
      ...where(place),
      token,
      expiry_date: timeAt(expiryMs),
      reservation_id: desk.reservation,
    })),
    ...(bench.version === '2.1.1'
      ? []
      : commandRows(desk, 'CANCEL_RESERVATION', () => ({ reservation_id: desk.reservation }))),
    ...commandRows(desk, 'START_SESSION', (place) => ({ ...where(place), token })),
    sessionRow(desk),
  ]
}

/** Ends the session that was started, and sends what must be refused. */
export function stopChecks(desk: Desk): Check[] {
  return [
    ...commandRows(desk, 'STOP_SESSION', () => ({ session_id: desk.sessionId ?? '' })),
    ...refusalRows(desk),
  ]
}

function where({ location, evse }: Place): Json {
  return { location_id: location['id'], evse_uid: evse['uid'] }
}

/** How many EVSEs are looked at: the first owners are those that can be reached. */
const PLACES_MAX = 20

/** An EVSE that can be started remotely, else any. */
function placeIn(bench: Bench, locations: readonly Json[]): Place | null {
  const { party } = bench.settings
  const places = locations.flatMap((location): Place[] => {
    if (location['party_id'] === party.partyId && location['country_code'] === party.countryCode)
      return []
    return records(location['evses']).flatMap((evse) =>
      records(evse['connectors'])
        .slice(0, 1)
        .map((connector) => ({
          location,
          evse,
          connector,
          owner:
            bench.version === '2.1.1'
              ? 'content'
              : {
                  countryCode: String(location['country_code']),
                  partyId: String(location['party_id']),
                },
        })),
    )
  })
  const isRemote = ({ evse }: Place) =>
    evse['status'] === 'AVAILABLE' &&
    Array.isArray(evse['capabilities']) &&
    evse['capabilities'].includes('REMOTE_START_STOP_CAPABLE')
  return places.slice(0, PLACES_MAX).find(isRemote) ?? places[0] ?? null
}

/** Two rows: the answer at once, and the result at the response_url. */
function commandRows(desk: Desk, command: string, body: (place: Place) => Json): Check[] {
  const name = command.toLowerCase().replaceAll('_', '-')
  return [
    {
      id: name,
      what: `${command} is answered with a CommandResponse`,
      source: RESPONSE,
      run: async () => {
        const place = desk.place()
        if (!place) return skipped('it lists no location with an EVSE')
        if (command === 'STOP_SESSION' && desk.sessionId === null)
          return skipped('no session was started')
        return sendCommand(desk, { command, name, body: body(place), owner: place.owner })
      },
    },
    {
      id: `${name}-result`,
      what: `${command} has its result posted to the response_url`,
      source: desk.bench.version === '2.1.1' ? RESPONSE : RESULT,
      run: () => awaitResult(desk.bench, { name, schema: commandResult, accepted: desk.accepted }),
    },
  ]
}

async function sendCommand(
  desk: Desk,
  sent: { command: string; name: string; body: Json; owner: For },
): Promise<Verdict> {
  const { bench, accepted } = desk
  const { name } = sent
  const url = bench.own.resultUrl(name)
  const exchange = await post(desk, { ...sent, body: { response_url: url, ...sent.body } })
  return responseVerdict(bench, exchange, { name, url, schema: commandResponse, accepted })
}

function post(desk: Desk, sent: { command: string; body: Json; owner: For }): Promise<Exchange> {
  return ask(desk.bench, {
    method: 'POST',
    url: `${desk.url}/${sent.command}`,
    body: sent.body,
    for: sent.owner,
  })
}

/** A started session is pushed to us or stands in the list; its id is what STOP_SESSION needs. */
function sessionRow(desk: Desk): Check {
  return {
    id: 'session',
    what: 'the started session is sent to us',
    source: ['mod_sessions', 'Flow and Lifecycle'],
    run: async () => {
      if (!desk.accepted.has('start-session')) return skipped('START_SESSION was not accepted')
      const { own, version } = desk.bench
      const isOurs = ({ path, body, method }: Got) =>
        method === 'PUT' && /\/sessions\//.test(path) && isRecord(body) && holdsToken(desk, body)
      const got = await own.waitFor(isOurs, limits.certifySessionMs)
      if (!got || !isRecord(got.body))
        return warn(`none came within ${limits.certifySessionMs / 1_000} s`)
      desk.sessionId = String(got.body['id'])
      return version === '2.1.1' || got.isKnownToken ? pass() : fail('it came without our token')
    },
  }
}

function holdsToken({ bench, token }: Desk, session: Json): boolean {
  if (bench.version === '2.1.1') return session['auth_id'] === token['auth_id']
  const shown = session['cdr_token']
  return isRecord(shown) && foldKey(String(shown['uid'])) === foldKey(String(token['uid']))
}

function refusalRows(desk: Desk): Check[] {
  const { bench, token } = desk
  const result = () => bench.own.resultUrl('refused')
  const owner = (): For => desk.place()?.owner ?? 'content'
  return [
    {
      id: 'unknown-session',
      what: 'STOP_SESSION of an unknown session is not accepted',
      source: ['mod_commands', 'CommandResponseType enum'],
      run: async () => {
        const body = { response_url: result(), session_id: 'CONF-NOBODY' }
        return notAccepted(await post(desk, { command: 'STOP_SESSION', body, owner: owner() }))
      },
    },
    {
      id: 'unknown-location',
      what: 'START_SESSION at an unknown location is not accepted',
      source: ['status_codes', '2xxx: Client errors'],
      run: async () => {
        const body = { response_url: result(), token, location_id: 'CONF-NOWHERE' }
        return notAccepted(await post(desk, { command: 'START_SESSION', body, owner: owner() }))
      },
    },
    {
      id: 'missing',
      what: 'a command without response_url: 2001',
      source: POST,
      run: async () =>
        refusedAs(
          await post(desk, {
            command: 'STOP_SESSION',
            body: { session_id: 'CONF-NOBODY' },
            owner: owner(),
          }),
          2001,
        ),
    },
  ]
}
