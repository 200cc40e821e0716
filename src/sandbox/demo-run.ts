import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { limits } from '../../config/limits.ts'
import type { Admin, AdminCdr } from './admin.ts'
import type { Exchanged } from './checks.ts'
import { pause } from './clock.ts'
import type { Clock } from './clock.ts'
import { readBooks } from './demo-books.ts'
import type { MeantCdr, PlatformBooks } from './demo-books.ts'
import { numberOf } from './json.ts'
import { agreeAll } from './pairs.ts'
import type { Pair } from './pairs.ts'
import { writePlan } from './plan-file.ts'
import type { RemotePartner } from './remote-partner.ts'
import type { Screen } from './screen.ts'
import type { SettledCycle } from './settlement-checks.ts'
import type { Findings } from './summary.ts'
import type { World } from './world.ts'

/** Everything a stage of the demo works with. */
export type DemoRun = {
  world: World
  pairs: Pair[]
  partners: RemotePartner[]
  admin: Admin
  folder: string
  screen: Screen
  clock: Clock
}

const UNDECIDED = ['received', 'unmatched']

/** Starts every partner on its plan, invites it, and lets it register by the real handshake. */
export async function connect(run: DemoRun): Promise<void> {
  const { admin, screen, folder, world } = run
  await Promise.all(
    run.partners.map(async (partner) => {
      const { plan } = partner
      const file = path.join(folder, `plan-${plan.name}.json`)
      await writeFile(file, writePlan(plan, world))
      await partner.command('start', { file })
      const { tokenA, versionsUrl } = await admin.invite(plan)
      await partner.command('register', { versions_url: versionsUrl, token_a: tokenA })
      screen.say(`${plan.name} registered as ${plan.role} for ${plan.parties.length} parties`)
    }),
  )
  await agreeAll(admin, run.pairs)
  screen.say(`${run.pairs.length} agreements in force`)
}

/** Pushes cards, tariffs and locations, then lets the providers pull what there is. */
export async function publish(run: DemoRun): Promise<Exchanged['pulls']> {
  const operators = run.partners.filter(({ plan }) => plan.role === 'CPO')
  const providers = run.partners.filter(({ plan }) => plan.role === 'EMSP')
  await Promise.all([
    ...providers.map((partner) => partner.command('push', { module: 'tokens' })),
    ...operators.map((partner) => partner.command('push', { module: 'tariffs' })),
  ])
  await Promise.all(operators.map((partner) => partner.command('push', { module: 'locations' })))
  const pulls: Exchanged['pulls'] = []
  for (const module of ['tariffs', 'locations']) {
    await Promise.all(
      providers.map(async (partner) => {
        const pulled = await partner.command('pull', { module })
        const objects = numberOf(pulled, 'objects') ?? 0
        const total = numberOf(pulled, 'total') ?? -1
        const pages = numberOf(pulled, 'pages') ?? 0
        pulls.push({ platform: partner.plan.name, module, objects, total })
        run.screen.say(`${partner.plan.name} pulled ${objects} ${module} in ${pages} pages`)
      }),
    )
  }
  return pulls
}

/** Lets all sessions happen and their CDRs be sent. */
export async function live(run: DemoRun): Promise<void> {
  const operators = run.partners.filter(({ plan }) => plan.role === 'CPO')
  await Promise.all(operators.map((partner) => partner.command('live')))
}

/** Asks every partner for its books. */
export async function collectBooks(run: DemoRun): Promise<PlatformBooks[]> {
  return Promise.all(
    run.partners.map(async ({ plan, command }) => {
      const file = path.join(run.folder, `books-${plan.name}.json`)
      await command('books', { file })
      return readBooks(plan.name, file)
    }),
  )
}

/** Waits until nothing is undecided, everything due has been delivered, and pushes have reached everybody. */
export async function untilCleared(run: DemoRun): Promise<void> {
  const { world, screen } = run
  const sessions = world.platforms.flatMap((platform) => platform.sessions)
  const duplicates = sessions.filter((session) => session.fault === 'duplicate').length
  const quarantined = sessions.filter((session) => session.fault === 'owner').length
  const due = sessions.length + duplicates - quarantined
  const pushed = pushesDue(world)
  await until(run, async () => {
    const [cdrs = 0, objects = 0] = await received(run)
    screen.progress('CDRs delivered to providers', Math.min(cdrs, due), due)
    if (cdrs < due) return `${cdrs} of ${due} CDRs were delivered`
    if (objects < pushed) return `${objects} of ${pushed} pushed objects had arrived`
    for (const state of UNDECIDED) {
      if (await run.admin.hasCdrs(state)) return `some CDRs are still ${state}`
    }
    return undefined
  })
}

function pushesDue(world: World): number {
  const count = (module: string) =>
    world.platforms.filter((platform) => platform.receives.includes(module)).length
  const sum = (of: (platform: World['platforms'][number]) => number) =>
    world.platforms.reduce((total, platform) => total + of(platform), 0)
  return (
    count('locations') * sum((platform) => platform.locations.length) +
    count('tariffs') * sum((platform) => platform.tariffs.length) +
    count('tokens') * sum((platform) => platform.tokens.length)
  )
}

async function received(run: DemoRun): Promise<[number, number]> {
  const counts = await Promise.all(run.partners.map((partner) => partner.command('counts')))
  const sum = (key: string) => counts.reduce((total, one) => total + (numberOf(one, key) ?? 0), 0)
  return [sum('received_cdrs'), sum('received')]
}

/** Repeats `missing` until it names nothing; when time is up it goes on, and the checks say what is wrong. */
async function until(run: DemoRun, missing: () => Promise<string | undefined>): Promise<void> {
  const end = run.clock() + limits.sandboxSettleMs
  for (;;) {
    const what = await missing()
    if (what === undefined) return
    if (run.clock() > end) {
      run.screen.say(`Waited ${limits.sandboxSettleMs / 1000} s in vain: ${what}`)
      return
    }
    await pause(limits.sandboxPollMs)
  }
}

/** The provider of the second pair approves its CDRs, through the hub's API for parties. */
export async function approvePair(run: DemoRun): Promise<void> {
  const pair = run.pairs.find((one) => one.policy === 'by provider')
  if (!pair) return
  const { screen } = run
  const partner = run.partners.find(({ plan }) =>
    plan.parties.some((party) => `${party.countryCode}-${party.partyId}` === pair.emsp),
  )
  const waiting = (await run.admin.cdrs(`?state=provisional&party=${pair.emsp}`)).filter(
    (cdr) => cdr.owner === pair.cpo && cdr.receiver === pair.emsp,
  )
  const cdrs = waiting.map(({ owner, id }) => ({ owner, id }))
  await partner?.command('approve', { cdrs })
  screen.say(`${pair.emsp} approved ${cdrs.length} CDRs of ${pair.cpo}`)
  const atOnce = run.pairs.find((one) => one.policy === 'at once')
  await until(run, async () => {
    const open = await run.admin.cdrs(`?state=provisional&party=${atOnce?.cpo ?? pair.cpo}`)
    const left = open.filter((cdr) => cdr.owner === atOnce?.cpo && cdr.receiver === atOnce.emsp)
    return left.length === 0 ? undefined : `${left.length} CDRs with contest_days 0 are provisional`
  })
}

/** Closes and finalizes every open cycle, or that of one currency, and reads its statements before and after. */
export async function settle(run: DemoRun, only?: string): Promise<SettledCycle[]> {
  const { admin, screen } = run
  const settled: SettledCycle[] = []
  for (const { id, currency, state } of await admin.cycles()) {
    if (state !== 'open' || currency !== (only ?? currency)) continue
    await admin.close(id)
    await untilState(run, id, ['closed', 'contest'])
    const preliminary = await admin.statements(id)
    await admin.finalize(id)
    await untilState(run, id, ['final'])
    // Finalizing again changes nothing, and answers the positions even if the first answer came too early.
    const positions = await admin.finalize(id)
    const final = await admin.statements(id)
    const open = (await admin.cycles()).find(
      (cycle) => cycle.currency === currency && cycle.state === 'open',
    )
    settled.push({ id, currency, preliminary, final, positions, openAfter: open?.id })
    screen.say(`Cycle ${id} is final: ${final.length} statements, next is ${open?.id ?? 'none'}`)
  }
  return settled
}

async function untilState(run: DemoRun, id: string, states: string[]): Promise<void> {
  await until(run, async () => {
    const cycle = (await run.admin.cycles()).find((one) => one.id === id)
    const state = cycle?.state ?? 'missing'
    return states.includes(state) ? undefined : `cycle ${id} is ${state}`
  })
}

/** Three held CDRs of different kinds, each with what the hub says about it. */
export async function explainHeld(
  run: DemoRun,
  meant: MeantCdr[],
  found: AdminCdr[],
): Promise<Pick<Findings, 'held' | 'examples'>> {
  const held = found.filter((cdr) => cdr.state === 'held' || cdr.state === 'quarantined')
  const codes = new Map<string, number>()
  const examples: Findings['examples'] = []
  const meantByKey = new Map(meant.map((cdr) => [cdr.key, cdr]))
  for (const cdr of held) {
    const findings = await run.admin.findings(cdr)
    const worst = findings.find((one) => one.severity === 'F' || one.severity === 'S')
    const code = worst?.code ?? 'none'
    codes.set(code, (codes.get(code) ?? 0) + 1)
    const mine = meantByKey.get(`cdrs/${cdr.owner}/${cdr.id}`)
    if (!worst || !mine || examples.length >= 3 || examples.some((one) => one.code === code))
      continue
    examples.push({
      cdr: mine,
      code,
      sentence: worst.message,
      expected: worst.expected ?? '',
      actual: worst.actual ?? '',
      difference: worst.difference ?? '',
    })
  }
  return { held: [...codes].map(([code, count]) => ({ code, count })), examples }
}
