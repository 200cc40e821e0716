import { check } from './checks.ts'
import type { Check } from './checks.ts'
import { pause } from './clock.ts'
import type { MeantCdr } from './demo-books.ts'
import { settle } from './demo-run.ts'
import type { DemoRun } from './demo-run.ts'
import { amountText } from './decimals.ts'
import { numberOf, objectIn, objectsIn, needText, parseJson, textOf } from './json.ts'
import type { Json } from './json.ts'
import type { RemotePartner } from './remote-partner.ts'
import { partyCode } from './world.ts'

/** A dispute as it went, for a person, and whether it came to its end. */
export type DisputeStory = { lines: string[]; checks: Check[] }

const TRIES = 120
const PAUSE_MS = 250

/**
 * One wrong CDR to its end: its provider contests what the hub holds of it, its operator accepts, the hub takes the amount
 * off at once, the operator's credit and replacement consume that, and a second cycle settles it. Without a CDR of a wrong
 * price there is no story.
 */
export async function disputeStory(run: DemoRun, meant: MeantCdr[]): Promise<DisputeStory> {
  const wrong = meant.find((cdr) => cdr.fault === 'price' && cdr.state === 'held')
  if (!wrong) return { lines: [], checks: [] }
  const provider = partnerOf(run, wrong.receiver)
  const operator = partnerOf(run, wrong.owner)
  if (!provider || !operator) return { lines: [], checks: [] }
  run.screen.say(`${wrong.receiver} contests ${wrong.id} of ${wrong.owner}`)
  const place = `/party/v1/cdrs/${wrong.owner.replace('-', '/')}/${encodeURIComponent(wrong.id)}`
  const opened = await ask(provider, `${place}/contest`, {
    text: 'Our own reckoning by the tariff gives less.',
  })
  const dispute = `/party/v1/disputes/${needText(opened, 'id')}`
  await ask(operator, `${dispute}/accept`, { text: 'Wrong price table. A credit follows.' })
  await operator.command('correct', { owner: wrong.owner, cdr_id: wrong.id })
  const ended = await untilClosed(provider, dispute)
  await settle(run, wrong.currency)
  const stranger = run.partners.find((one) => one !== provider && one !== operator)
  const peeked = stranger ? await stranger.command('api', { method: 'GET', path: dispute }) : null
  const upheld = textOf(ended, 'upheld_net') ?? ''
  const isExact = upheld === amountText(wrong.heldNet) || Number(upheld) > 0
  const ledger = await run.admin.verifyLedger()
  return {
    lines: linesOf(ended, wrong),
    checks: [
      check(
        'a dispute goes to its end: only what is disputed is held, credit and replacement consume the adjustment',
        [
          ...(textOf(ended, 'state') === 'closed' ? [] : [`it is ${textOf(ended, 'state')}`]),
          ...(isExact ? [] : [`${upheld} was upheld of ${amountText(wrong.heldNet)}`]),
          ...(ledger.isOk ? [] : ['the ledger does not balance after it']),
        ],
      ),
      check(
        'nobody else sees the dispute',
        peeked === null || numberOf(peeked, 'status') === 404
          ? []
          : [`a stranger was answered ${numberOf(peeked, 'status')}`],
      ),
    ],
  }
}

function partnerOf(run: DemoRun, party: string): RemotePartner | undefined {
  return run.partners.find(({ plan }) => plan.parties.some((one) => partyCode(one) === party))
}

async function ask(partner: RemotePartner, path: string, body?: Json): Promise<Json> {
  const answer = await partner.command('api', {
    method: body === undefined ? 'GET' : 'POST',
    path,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const status = numberOf(answer, 'status') ?? 0
  const text = textOf(answer, 'text') ?? ''
  if (status >= 300) throw new Error(`${path} answered ${status}: ${text.slice(0, 300)}`)
  return objectIn(parseJson(text))
}

async function untilClosed(partner: RemotePartner, path: string): Promise<Json> {
  let dispute = await ask(partner, path)
  for (let tries = 0; tries < TRIES && textOf(dispute, 'closed_at') === undefined; tries += 1) {
    await pause(PAUSE_MS)
    dispute = await ask(partner, path)
  }
  return dispute
}

function linesOf(dispute: Json, cdr: MeantCdr): string[] {
  const history = objectsIn(dispute['history'])
  return [
    `${cdr.id} of ${cdr.owner} to ${cdr.receiver}: claimed ${amountText(cdr.net)} ${cdr.currency}, ` +
      `disputed ${textOf(dispute, 'net') ?? ''} (${textOf(dispute, 'title') ?? ''}), the rest settles`,
    ...history.map(
      (event) => `${needText(event, 'at').slice(11, 19)}Z  ${textOf(event, 'sentence') ?? ''}`,
    ),
  ]
}
