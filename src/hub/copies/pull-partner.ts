import { limits } from '../../../config/limits.ts'
import { assert } from '../../assert.ts'
import type { Context } from '../../context.ts'
import { endpointOf } from '../../directory/directory.ts'
import { isConnected } from '../../directory/parties.ts'
import { partyParts, writeTime } from '../../ocpi/primitives.ts'
import { moduleById } from '../../ocpi/registry.ts'
import { appendOutbox, finishOutbox, retryOutbox } from '../../outbox/outbox.ts'
import type { OutboxRow } from '../../outbox/outbox.ts'
import type { OcpiAnswer } from '../../peer/ocpi-client.ts'
import { pullPages } from '../../peer/pull.ts'
import type { PullRequest, PullStep } from '../../peer/pull.ts'
import { raiseAlert } from '../alerts.ts'
import { backoffMs } from '../backoff.ts'
import { peerTokenPurpose } from '../call-partner.ts'
import { hubParty } from '../hub-party.ts'
import { noteMessage } from '../messages.ts'
import { buryUnlisted } from './pull-bury.ts'
import { storeCdrPage } from './pull-cdrs.ts'
import { pulledModules } from './pull-schedule.ts'
import { beginPull, endPull, leavePull, notePullError } from './pull-state.ts'
import type { Pull } from './pull-state.ts'
import { storePage } from './pull-store.ts'

/**
 * Fetches a module from a partner: everything after connecting and after an absence, else what changed since the last
 * time. At most `pullRunPages` pages; the rest is a job of its own that goes on from there. One bad object never spoils
 * a page, an answer without objects never deletes any.
 */
export async function pullPartner(context: Context, row: OutboxRow): Promise<void> {
  const snapshot = await context.directory.snapshot()
  const platform = snapshot.platforms.get(row.platformId)
  const module = moduleById(row.subject)
  const endpoint = platform && module && endpointOf(platform, module.id, 'sender')
  const isWanted =
    platform !== undefined && pulledModules(platform).some((name) => name === row.subject)
  if (!platform || !module || endpoint === undefined || !isWanted || !isConnected(platform)) {
    return finishOutbox(context.db, { ids: [row.id], outcome: 'done', error: 'not to be fetched' })
  }
  const pull: Pull = {
    run: await beginPull(context.db, { platformId: platform.id, module: module.id }),
    platform,
    module,
    endpoint,
    owners: platform.parties
      .filter(({ role }) => module.ownerRoles.includes(role))
      .map(({ party }) => party),
    correlationId: row.correlationId ?? context.ids.uuid(),
  }
  const end = await fetchPages(context, pull)
  await closePull(context, { pull, row, end })
}

type End = Extract<PullStep, { kind: 'end' }>

async function fetchPages(context: Context, pull: Pull): Promise<End> {
  let from = performance.now()
  for await (const step of pullPages(requestOf(context, pull))) {
    noteStep(context, { pull, step, tookMs: performance.now() - from })
    if (step.kind === 'end') return step
    const store = pull.module.object ? storePage : storeCdrPage
    await store(context, pull, step)
    from = performance.now()
  }
  throw new Error('the pages of a partner ended without an end')
}

function requestOf(context: Context, pull: Pull): PullRequest {
  const { platform, owners, run } = pull
  assert(platform.peerTokenSealed, `platform ${platform.id} has no token to show`)
  const { quirks, version } = platform
  const [to] = owners
  const isRouted = version !== '2.1.1' && quirks.no_routing_headers !== true && to !== undefined
  return {
    client: context.peer,
    url: run.resumeUrl ?? firstUrl(context, pull),
    credentialsToken: context.secrets.open(platform.peerTokenSealed, peerTokenPurpose(platform.id)),
    tokenEncoding: quirks.token_encoding ?? platform.peerTokenEncoding,
    correlationId: pull.correlationId,
    newRequestId: context.ids.uuid,
    deadlineMs: limits.peerRequestMs,
    pagesMax: Math.max(1, Math.min(limits.pullRunPages, limits.pullPagesMax - run.pages)),
    objectsMax: Math.max(1, limits.pullObjectsMax - run.objects),
    ...(isRouted ? { from: partyParts(hubParty(context)), to: partyParts(to) } : {}),
  }
}

/** Of sessions OCPI wants a date_from always; what is older than a day when the partner connects comes by push or CDR. */
function firstUrl(context: Context, pull: Pull): string {
  const { run, platform, module, endpoint } = pull
  const url = new URL(endpoint)
  const size = Math.min(limits.pullPageObjects, platform.quirks.page_size_max ?? Infinity)
  url.searchParams.set('limit', String(size))
  const since = run.completeUntil?.getTime()
  if (module.id === 'cdrs') {
    url.searchParams.set('date_from', writeTime(cdrsFrom(run)))
  } else if (!run.isFull && since !== undefined) {
    url.searchParams.set('date_from', writeTime(new Date(since - limits.pullOverlapMs)))
  } else if (module.id === 'sessions') {
    const latest = context.clock().getTime() - limits.pullSessionsBackMs
    url.searchParams.set('date_from', writeTime(new Date(Math.min(latest, since ?? latest))))
  }
  return url.href
}

/**
 * Never from before the hub began to fetch here. CDRs often appear later than their last_updated says, so each fetch
 * looks back; the same CDR again is nothing new.
 */
function cdrsFrom({ since, completeUntil, isFull }: Pull['run']): Date {
  const backMs = isFull ? limits.pullCdrsBackFullMs : limits.pullCdrsBackMs
  return new Date(Math.max(since.getTime(), (completeUntil ?? since).getTime() - backMs))
}

function noteStep(
  context: Context,
  { pull, step, tookMs }: { pull: Pull; step: PullStep; tookMs: number },
): void {
  if (step.kind === 'end' && step.reason !== 'failed') return
  const answer = step.kind === 'end' ? step.answer : null
  context.metrics.peerCalls.inc({ module: pull.module.id, outcome: answer?.kind ?? 'ocpi' })
  noteMessage(context, {
    direction: 'out',
    platformId: pull.platform.id,
    correlationId: pull.correlationId,
    requestId: null,
    fromParty: hubParty(context),
    toParty: pull.owners[0] ?? null,
    module: pull.module.id,
    method: 'GET',
    path: new URL(step.kind === 'page' ? step.url : pull.endpoint).pathname,
    httpStatus: answer === null ? 200 : 'httpStatus' in answer ? answer.httpStatus : null,
    ocpiStatus: answer === null ? 1000 : answer.kind === 'ocpi' ? answer.ocpiStatus : null,
    outcome: answer?.kind ?? 'ocpi',
    durationMs: tookMs,
  })
}

type Closing = { pull: Pull; row: OutboxRow; end: End }

async function closePull(context: Context, closing: Closing): Promise<void> {
  const { end, pull } = closing
  switch (end.reason) {
    case 'complete':
      return completed(context, closing)
    case 'pagesMax':
      return end.next !== null && pull.run.pages + limits.pullRunPages < limits.pullPagesMax
        ? goOn(context, closing, end.next)
        : gaveUp(context, { ...closing, error: 'its pages do not end' })
    case 'failed':
      return failed(context, { ...closing, error: reasonOf(end.answer) })
    case 'objectsMax':
      return gaveUp(context, { ...closing, error: 'its list is longer than the hub reads' })
    case 'repeatedLink':
    case 'repeatedPage':
      return gaveUp(context, { ...closing, error: 'a page says the same as one before it' })
    case 'foreignLink':
      return gaveUp(context, { ...closing, error: 'a Link leads to another origin' })
    default:
      return end.reason satisfies never
  }
}

async function completed(context: Context, { pull, row }: Closing): Promise<void> {
  if (pull.run.isFull) await buryUnlisted(context, pull)
  await context.db.transaction(async (tx) => {
    await endPull(tx, pull.run, null)
    await finishOutbox(tx, { ids: [row.id], outcome: 'done' })
  })
}

async function goOn(context: Context, { pull, row }: Closing, next: string): Promise<void> {
  await context.db.transaction(async (tx) => {
    await leavePull(tx, pull.run, next)
    await finishOutbox(tx, { ids: [row.id], outcome: 'done' })
    const { platformId, subject, correlationId } = row
    await appendOutbox(tx, [{ kind: 'pull', platformId, subject, correlationId }])
  })
}

/** What may be a bad moment is tried again a few times, then at the next interval. */
async function failed(context: Context, closing: Closing & { error: string }): Promise<void> {
  const { pull, row, error, end } = closing
  if (row.attempts >= limits.pullAttemptsMax) return gaveUp(context, closing)
  await context.db.transaction(async (tx) => {
    if (end.next !== null) await leavePull(tx, pull.run, end.next)
    await notePullError(tx, pull.run, error)
    await retryOutbox(tx, { id: row.id, delayMs: backoffMs('deliver', row.attempts), error })
  })
}

async function gaveUp(
  context: Context,
  { pull, row, error }: Closing & { error: string },
): Promise<void> {
  const { platform, module } = pull
  await context.db.transaction(async (tx) => {
    await endPull(tx, pull.run, error)
    await finishOutbox(tx, { ids: [row.id], outcome: 'refused', error })
    await raiseAlert(tx, {
      code: 'pull_failed',
      severity: 'warning',
      subject: `${platform.id}/${module.id}`,
      message: `${module.id} of ${platform.name} could not be fetched: ${error}`,
      advice:
        'See GET /admin/v1/platforms/{id}/freshness and /admin/v1/messages; then POST /admin/v1/platforms/{id}/pull',
    })
  })
}

function reasonOf(answer: OcpiAnswer | null): string {
  if (answer === null) return 'no answer'
  switch (answer.kind) {
    case 'ocpi':
      return `answered ${answer.ocpiStatus} (HTTP ${answer.httpStatus})`
    case 'notOcpi':
    case 'unreachable':
      return answer.reason
    case 'timeout':
      return 'no answer in time'
    default:
      return answer satisfies never
  }
}
