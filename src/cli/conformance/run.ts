import { limits } from '../../../config/limits.ts'
import type { Bench, Settings } from './bench.ts'
import { authorizeChecks } from './authorize.ts'
import { citationOf, skipped } from './check.ts'
import type { Check, Outcome, Row } from './check.ts'
import { bookingChecks } from './bookings.ts'
import { clientChecks } from './clients.ts'
import { commandChecks, commandDesk, stopChecks } from './commands.ts'
import type { Desk } from './commands.ts'
import { credentialsChecks, leavingChecks } from './credentials.ts'
import type { Asker } from './exchange.ts'
import { invoiceChecks } from './invoices.ts'
import type { Listing } from './listing.ts'
import { meet, summaryOf } from './meet.ts'
import { objectChecks } from './objects.ts'
import type { OwnPlatform } from './own-platform.ts'
import { offeredLists, pageChecks } from './pages.ts'
import { paymentChecks } from './payments.ts'
import { profileChecks } from './profiles.ts'
import { pushChecks } from './pushes.ts'
import { withdrawCheck } from './writes.ts'
import type { Pushed } from './place.ts'
import { answerChecks, transportChecks } from './transport.ts'

export type Report = {
  partner: string
  version: string | null
  rows: Row[]
  totals: Record<Outcome, number>
}

/** `always`: also when the run has stopped. */
type Subject = { id: string; title: string; checks: () => Check[]; always?: () => boolean }

/** Checks a partner: every subject in order, each built on what the ones before have learnt. */
export async function certify(parts: {
  settings: Settings
  asker: Asker
  own: OwnPlatform
  /** Told once there is a bench, so that a new token of the partner's reaches it. */
  met: (bench: Bench) => void
}): Promise<Report> {
  const { rows, bench } = await meet(parts)
  if (bench) {
    parts.met(bench)
    const endMs = parts.settings.clock() + limits.certifyRunMs
    for (const subject of subjectsOf(bench)) await runSubject({ bench, subject, rows, endMs })
  }
  return {
    partner: bench ? summaryOf(bench) : 'unknown',
    version: bench?.version ?? null,
    rows,
    totals: totalsOf(rows),
  }
}

function subjectsOf(bench: Bench): Subject[] {
  const listings = new Map<string, Listing>()
  const pushed: Pushed[] = []
  const lists = (wanted: readonly string[]) =>
    offeredLists(bench)
      .filter(({ label }) => wanted.includes(label))
      .flatMap((at) => [...pageChecks(bench, at, listings), ...objectChecks(bench, at, listings)])
  const early = ['tariffs', 'locations', 'tokens', 'hubclientinfo']
  const all: Subject[] = [
    { id: 'credentials', title: 'Credentials', checks: () => credentialsChecks(bench) },
    { id: 'lists', title: 'Lists and objects', checks: () => lists(early) },
    { id: 'pushes', title: 'Pushes', checks: () => pushChecks(bench, listings, pushed) },
    {
      id: 'authorize',
      title: 'Real-time authorisation',
      checks: () => (bench.role === 'emsp' ? authorizeChecks(bench, listings) : []),
    },
    ...laterSubjects(bench, { listings, pushed }),
    // Commands may have led to some.
    { id: 'lists', title: 'Sessions and CDRs', checks: () => lists(['sessions', 'cdrs']) },
    { id: 'transport', title: 'Transport', checks: () => transportChecks(bench) },
    {
      id: 'pushes',
      title: 'Leaving',
      checks: () =>
        pushed.filter(({ module }) => module !== 'tariffs').map((one) => withdrawCheck(bench, one)),
    },
    { id: 'transport', title: 'Transport', checks: () => answerChecks(bench), always: () => true },
    {
      id: 'credentials',
      title: 'Leaving',
      checks: () => leavingChecks(bench),
      always: () => bench.isRegistered,
    },
  ]
  return all.filter(({ id }) => !bench.settings.without.includes(id))
}

/** Commands and what is done to the session that they start; then the modules that only some platforms offer. */
function laterSubjects(
  bench: Bench,
  known: { listings: Map<string, Listing>; pushed: readonly Pushed[] },
): Subject[] {
  const { listings, pushed } = known
  const desk: Desk | null = commandDesk(bench, listings)
  return [
    { id: 'commands', title: 'Commands', checks: () => (desk ? commandChecks(desk) : []) },
    {
      id: 'chargingprofiles',
      title: 'Charging profiles',
      checks: () => profileChecks(bench, listings, { desk, pushed }),
    },
    { id: 'commands', title: 'Commands', checks: () => (desk ? stopChecks(desk) : []) },
    { id: 'payments', title: 'Payments', checks: () => paymentChecks(bench, listings) },
    { id: 'bookings', title: 'Bookings', checks: () => bookingChecks(bench, listings) },
    {
      id: 'invoicereconciliation',
      title: 'Invoice reconciliation',
      checks: () => invoiceChecks(bench, listings),
    },
    {
      id: 'hubclientinfo',
      title: 'Clients of a hub',
      checks: () => clientChecks(bench, listings),
    },
  ]
}

async function runSubject(run: {
  bench: Bench
  subject: Subject
  rows: Row[]
  endMs: number
}): Promise<void> {
  const { bench, subject, rows, endMs } = run
  for (const check of subject.checks()) {
    bench.stopped ??= stopReason(bench, endMs)
    const verdict =
      bench.stopped === null || subject.always?.() === true
        ? await check.run()
        : skipped(bench.stopped)
    rows.push({
      id: `${subject.id}.${check.id}`,
      subject: subject.title,
      what: check.what,
      citation: citationOf(bench.version, check.source),
      ...verdict,
    })
  }
}

function stopReason(bench: Bench, endMs: number): string | null {
  if (bench.asker.silences() >= limits.certifySilencesMax) return 'it has stopped answering'
  return bench.settings.clock() > endMs ? 'the time for the whole run is over' : null
}

function totalsOf(rows: readonly Row[]): Record<Outcome, number> {
  const count = (outcome: Outcome) => rows.filter((row) => row.outcome === outcome).length
  return {
    pass: count('pass'),
    fail: count('fail'),
    warn: count('warn'),
    skipped: count('skipped'),
  }
}
