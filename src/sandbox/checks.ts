import type { AdminCdr } from './admin.ts'
import { differences } from './demo-books.ts'
import type { MeantCdr, PlatformBooks } from './demo-books.ts'
import { decimalUnits } from './decimals.ts'
import { FAULT_CODES, objectKey, partyCode } from './world.ts'
import type { PlatformPlan } from './world.ts'

const NAMED_MAX = 5

/** One promise of the demo and whether it was kept; `wrong` says where not. */
export type Check = { name: string; ok: boolean; wrong: string[] }

/** A check that holds when nothing is wrong. Only the first few of what is wrong are kept, and how many. */
export function check(name: string, wrong: string[]): Check {
  const more = wrong.length - NAMED_MAX
  const named = wrong.slice(0, NAMED_MAX)
  return {
    name,
    ok: wrong.length === 0,
    wrong: more > 0 ? [...named, `and ${more} more`] : named,
  }
}

export type Exchanged = {
  plans: PlatformPlan[]
  books: PlatformBooks[]
  pulls: { platform: string; module: string; objects: number; total: number }[]
  meant: MeantCdr[]
}

/** What was sent arrived, unchanged, at everybody it was meant for and at nobody else. */
export function exchangeChecks({ plans, books, pulls, meant }: Exchanged): Check[] {
  const sent = merged(books.map((one) => one.sent))
  const ofModule = (module: string) =>
    new Map([...sent].filter(([key]) => key.startsWith(`${module}/`)))
  const refusals = books.flatMap((one) =>
    one.refusals.map(
      (it) => `${one.name}: ${it.method} ${it.url} ${it.status} ${it.code} ${it.message}`,
    ),
  )
  const unanswered = books
    .filter((one) => one.messages !== one.answered1000)
    .map((one) => `${one.name}: ${one.answered1000} of ${one.messages}`)
  return [
    check('every message was answered 1000', [...refusals, ...unanswered]),
    check(
      'pushes to everybody arrived as sent',
      books.flatMap((one, index) => {
        const modules = ['locations', 'tariffs', 'tokens'].filter((module) =>
          plans[index]?.receives.includes(module),
        )
        const expected = merged(modules.map(ofModule))
        return differences(expected, one.received).map((what) => `${one.name}: ${what}`)
      }),
    ),
    check(
      'what was pulled page by page is what was pushed',
      pullFaults({ books, pulls, ofModule }),
    ),
    check(
      'sessions arrived at their provider as sent, and nobody else',
      sessionFaults(plans, books),
    ),
    check(
      'each CDR was delivered to its provider and nobody else',
      deliveryFaults(plans, books, meant),
    ),
    check(
      'a CDR can be read where its Location says',
      books
        .filter((one) => one.readBack.differing > 0)
        .map((one) => `${one.name}: ${one.readBack.differing} of ${one.readBack.count}`),
    ),
  ]
}

function pullFaults(request: {
  books: PlatformBooks[]
  pulls: Exchanged['pulls']
  ofModule: (module: string) => Map<string, string>
}): string[] {
  const { books, pulls, ofModule } = request
  const wrong = pulls
    .filter(({ module, objects, total }) => objects !== total || total !== ofModule(module).size)
    .map((pull) => `${pull.platform}: ${pull.module}: ${pull.objects} objects, total ${pull.total}`)
  const pulled = merged(['locations', 'tariffs'].map(ofModule))
  for (const one of books.filter((each) => pulls.some((pull) => pull.platform === each.name))) {
    wrong.push(...differences(pulled, one.pulled).map((what) => `${one.name}: ${what}`))
  }
  return wrong
}

function sessionFaults(plans: PlatformPlan[], books: PlatformBooks[]): string[] {
  const sent = merged(books.map((one) => one.sentSessions))
  const providers = new Map(
    plans.flatMap((plan) =>
      plan.sessions.map((session) => [
        `sessions/${objectKey(session.cpo, session.id)}`,
        partyCode(session.emsp),
      ]),
    ),
  )
  return books.flatMap((one, index) => {
    const parties = new Set(
      plans[index]?.role === 'EMSP' ? plans[index].parties.map(partyCode) : [],
    )
    const expected = [...sent].filter(([key]) => parties.has(providers.get(key) ?? ''))
    const found = differences(sorted(new Map(expected)), sorted(one.receivedSessions))
    return found.map((what) => `${one.name}: ${what}`)
  })
}

/** Quarantined CDRs go nowhere, all others to the platform of their provider, with the bytes that were sent. */
function deliveryFaults(
  plans: PlatformPlan[],
  books: PlatformBooks[],
  meant: MeantCdr[],
): string[] {
  return books.flatMap((one, index) => {
    const parties = new Set(plans[index]?.parties.map(partyCode))
    const isProvider = plans[index]?.role === 'EMSP'
    const due = meant.filter(
      (cdr) => isProvider && parties.has(cdr.receiver) && cdr.state !== 'quarantined',
    )
    const expected = new Map(due.map((cdr) => [cdr.key, `${cdr.receiver} ${cdr.digest}`]))
    const actual = new Map(
      [...one.receivedCdrs].map(([key, got]) => [key, `${got.receiver} ${got.digests.join(' ')}`]),
    )
    return differences(expected, actual).map((what) => `${one.name}: ${what}`)
  })
}

/** Every CDR is in the hub once, in the state it was meant for, with the amounts that were sent. */
export function clearingChecks(meant: MeantCdr[], found: AdminCdr[]): Check[] {
  const keyOf = (cdr: AdminCdr) => `cdrs/${cdr.owner}/${cdr.id}`
  const byKey = new Map(found.map((cdr) => [keyOf(cdr), cdr]))
  const faulty = meant.filter((cdr) => cdr.fault !== undefined)
  const sound = meant.filter((cdr) => cdr.fault === undefined)
  const stateOf = (cdr: MeantCdr) => byKey.get(cdr.key)?.state ?? 'missing'
  const told = (cdr: MeantCdr) =>
    `${cdr.key} (${cdr.fault ?? 'sound'}) is ${stateOf(cdr)} ${byKey.get(cdr.key)?.codes.join(' ') ?? ''}`
  const booked = meant.filter((cdr) => cdr.state !== 'quarantined')
  return [
    check(
      'every CDR answered 1000 is recorded once',
      differences(
        new Map(meant.map((cdr) => [cdr.key, cdr.receiver])),
        new Map(found.map((cdr) => [keyOf(cdr), cdr.receiver])),
      ).concat(found.length === byKey.size ? [] : ['the hub lists a CDR twice']),
    ),
    check(
      'every seeded fault is held with its code',
      faulty
        .filter((cdr) => {
          const code = cdr.fault === undefined ? '' : FAULT_CODES[cdr.fault]
          return stateOf(cdr) !== cdr.state || !byKey.get(cdr.key)?.codes.includes(code)
        })
        .map(told),
    ),
    check(
      'no sound CDR is held',
      sound.filter((cdr) => !['approved', 'provisional'].includes(stateOf(cdr))).map(told),
    ),
    check(
      'CDRs are approved where that was agreed or done, else provisional',
      sound.filter((cdr) => stateOf(cdr) !== cdr.state).map(told),
    ),
    check(
      'amounts are those claimed, to the micro-unit',
      booked
        .filter((cdr) => {
          const hub = byKey.get(cdr.key)
          if (hub?.net === undefined || hub.tax === undefined) return true
          return decimalUnits(hub.net, 6) !== cdr.net || decimalUnits(hub.tax, 6) !== cdr.tax
        })
        .map((cdr) => `${cdr.key}: ${byKey.get(cdr.key)?.net} + ${byKey.get(cdr.key)?.tax}`),
    ),
  ]
}

function merged<T>(maps: Map<string, T>[]): Map<string, T> {
  return new Map(maps.flatMap((map) => [...map]))
}

/** Two messages of a session may overtake each other on the way to the books, never on the wire. */
function sorted(sessions: Map<string, string[]>): Map<string, string[]> {
  return new Map([...sessions].map(([key, digests]) => [key, [...digests].sort()]))
}
