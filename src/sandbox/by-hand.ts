import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { present } from '../assert.ts'
import { cdrsOf, sessionPatches, sessionStarted } from './cdr.ts'
import { isoSeconds } from './clock.ts'
import type { DemoHub } from './demo-hub.ts'
import { HUB_PARTY } from './demo-hub.ts'
import type { DemoRun } from './demo-run.ts'
import { needText, objectIn, textOf } from './json.ts'
import type { Json } from './json.ts'
import type { RemotePartner } from './remote-partner.ts'
import { spareCard } from './spare-card.ts'
import { objectKey, partyCode } from './world.ts'
import type { SessionPlan, WorldParty } from './world.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const TARIFF_ID = 'TRY-TARIFF'
const FIRST_CYCLE = 'EUR-000001'

/**
 * Prepares what a person needs to try the hub with curl (README.md, "Try it by hand"): a completed session without CDR
 * (pushed), bodies of a tariff and of a CDR priced by it (files), and `demo.env` with URLs, parties and tokens, for its
 * owner's eyes only. Returns lines to print.
 */
export async function prepareByHand(
  run: DemoRun,
  options: { hub: DemoHub; cycle: string | undefined; envFile: string },
): Promise<string[]> {
  const emsp = present(
    run.partners.find(({ plan }) => plan.role === 'EMSP'),
    'provider platform',
  )
  const provider = present(emsp.plan.parties[0], 'provider')
  const plan = sessionByHand(run, provider)
  const cpo = present(
    run.partners.find(({ plan: platform }) => platform.parties.some(isParty(plan.cpo))),
    'operator platform',
  )
  const tariff = tariffByHand(plan.cpo, isoSeconds(plan.startMs - DAY_MS))
  const location = cpo.plan.locations.find(
    (one) =>
      textOf(one, 'id') === plan.locationId &&
      textOf(one, 'country_code') === plan.cpo.countryCode &&
      textOf(one, 'party_id') === plan.cpo.partyId,
  )
  const setting = { plan, tariff, location: present(location, 'location') }
  await pushSession(cpo, setting)
  const cdr = present(cdrsOf(setting)[0], 'CDR')
  const tariffFile = path.join(run.folder, 'try-tariff.json')
  const cdrFile = path.join(run.folder, 'try-cdr.json')
  await writeFile(tariffFile, `${JSON.stringify(tariff, null, 2)}\n`)
  // Without tariffs of its own it is priced by the one that is pushed by hand: a changed price there shows.
  const { tariffs: _own, ...body } = cdr.body
  await writeFile(cdrFile, `${JSON.stringify(body, null, 2)}\n`)
  const asCpo = await cpo.command('token')
  const asEmsp = await emsp.command('token')
  const endpoints = objectIn(asCpo['endpoints'])
  const values: [string, string][] = [
    ['HUB', options.hub.url],
    ['ADMIN_TOKEN', options.hub.adminToken],
    ['VERSIONS_URL', `${options.hub.url}/ocpi/versions`],
    ['HUB_COUNTRY', HUB_PARTY.countryCode],
    ['HUB_PARTY', HUB_PARTY.partyId],
    ['CPO_TOKEN', needText(asCpo, 'token')],
    ['CPO_COUNTRY', plan.cpo.countryCode],
    ['CPO_PARTY', plan.cpo.partyId],
    ['EMSP_TOKEN', needText(asEmsp, 'token')],
    ['EMSP_COUNTRY', provider.countryCode],
    ['EMSP_PARTY', provider.partyId],
    ['TARIFFS_URL', textOf(endpoints, 'tariffs/receiver') ?? ''],
    ['CDRS_URL', textOf(endpoints, 'cdrs/receiver') ?? ''],
    ['TARIFF_ID', TARIFF_ID],
    ['TARIFF_FILE', tariffFile],
    ['CDR_ID', cdr.id],
    ['CDR_FILE', cdrFile],
    ['CYCLE', options.cycle ?? FIRST_CYCLE],
  ]
  const text = values.map(([name, value]) => `export ${name}=${quoted(value)}`)
  await writeFile(options.envFile, `${text.join('\n')}\n`, { mode: 0o600 })
  return [
    `Hub          ${options.hub.url}/ocpi/versions`,
    `Admin API    ${options.hub.url}/admin/v1   Authorization: Bearer ${options.hub.adminToken}`,
    `As operator  ${partyCode(plan.cpo)}   Authorization: Token ${needText(asCpo, 'token')}`,
    `As provider  ${partyCode(provider)}   Authorization: Token ${needText(asEmsp, 'token')}`,
    `All of it    . ${quoted(options.envFile)}`,
    `What to do   README.md, "Try it by hand": ten lines to paste`,
  ]
}

/** As one word of a POSIX shell. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`
}

function isParty(wanted: WorldParty): (party: WorldParty) => boolean {
  return (party) => partyCode(party) === partyCode(wanted)
}

/**
 * A session of yesterday, at a place of the world where one has been before; if possible of a pair whose CDRs are not
 * approved at once, so that there is something left to approve.
 */
function sessionByHand(run: DemoRun, provider: WorldParty): SessionPlan {
  const sessions = run.world.platforms.flatMap((platform) => platform.sessions)
  const isApprovedAtOnce = ({ cpo }: SessionPlan): boolean =>
    run.pairs.some(
      (pair) =>
        pair.policy === 'at once' &&
        pair.cpo === partyCode(cpo) &&
        pair.emsp === partyCode(provider),
    )
  const known = present(
    sessions.find((session) => !isApprovedAtOnce(session)) ?? sessions[0],
    'a session',
  )
  const startMs = Math.floor((run.clock() - DAY_MS) / HOUR_MS) * HOUR_MS
  const card = spareCard(provider, '')
  return {
    ...known,
    id: 'TRY-SESSION',
    emsp: provider,
    token: {
      uid: needText(card, 'uid'),
      contractId: needText(card, 'contract_id'),
      owner: partyCode(provider),
    },
    startMs,
    endMs: startMs + 2 * HOUR_MS,
    energy: 5_000_000,
    chargeSeconds: 7_200,
    tariffKey: objectKey(known.cpo, TARIFF_ID),
    fault: undefined,
  }
}

function tariffByHand(cpo: WorldParty, lastUpdated: string): Json {
  return {
    country_code: cpo.countryCode,
    party_id: cpo.partyId,
    id: TARIFF_ID,
    currency: 'EUR',
    elements: [{ price_components: [{ type: 'ENERGY', price: 0.4, vat: 21, step_size: 1 }] }],
    last_updated: lastUpdated,
  }
}

async function pushSession(
  cpo: RemotePartner,
  setting: { plan: SessionPlan; tariff: Json; location: Json },
): Promise<void> {
  const { plan } = setting
  const completed = { ...sessionStarted(setting), ...sessionPatches(plan, 0)[0] }
  await cpo.command('session', {
    session_id: plan.id,
    country_code: plan.cpo.countryCode,
    party_id: plan.cpo.partyId,
    body: JSON.stringify(completed),
  })
}
