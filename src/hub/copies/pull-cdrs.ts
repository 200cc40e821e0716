import { limits } from '../../../config/limits.ts'
import { present } from '../../assert.ts'
import type { Context } from '../../context.ts'
import type { Snapshot } from '../../directory/snapshot.ts'
import { HubError } from '../../errors.ts'
import type { Fault } from '../../errors.ts'
import { withExactNumbers } from '../../ocpi/canonical.ts'
import { fineAmounts } from '../../ocpi/fine-amounts.ts'
import { cdrs } from '../../ocpi/modules/cdrs.ts'
import { partyOf, readTime } from '../../ocpi/primitives.ts'
import { repair } from '../../ocpi/repair.ts'
import { scanBody } from '../../ocpi/scan.ts'
import { dropNulls, isRecord, schemaFor, validate } from '../../ocpi/validate.ts'
import type { Version } from '../../ocpi/version.ts'
import type { PullStep } from '../../peer/pull.ts'
import { liftValue, versionOf } from '../bridge/bridge.ts'
import { countPage } from './pull-state.ts'
import type { Pull } from './pull-state.ts'
import { tellRefused } from './pull-refused.ts'
import type { RefusedItem } from './pull-refused.ts'
import { admitCdr, conflict, recordCdr } from '../cdrs/record-cdr.ts'
import type { ParsedBody } from '../request.ts'
import { partyOfToken, withTokenParty } from '../bridge/token-party.ts'

type Page = Extract<PullStep, { kind: 'page' }>

/**
 * Records the CDRs of a page as if they had been pushed: the same checks, once per owner and id, so that what came by
 * both ways is one CDR. A bad one is left out and told; ones from before the hub began to fetch are not the hub's.
 */
export async function storeCdrPage(context: Context, pull: Pull, page: Page): Promise<void> {
  const snapshot = await context.directory.snapshot()
  const refused: RefusedItem[] = page.faults.map((fault) => ({ id: null, fault }))
  const { items } = page
  for (let from = 0; from < items.length; from += limits.pullCdrsAtOnce) {
    const some = items.slice(from, from + limits.pullCdrsAtOnce)
    const told = await Promise.all(
      some.map(({ text }) => recordOne(context, { pull, snapshot, text })),
    )
    refused.push(...told.flatMap((one) => one ?? []))
  }
  await context.db.transaction(async (tx) => {
    await tellRefused(tx, pull, refused)
    await countPage(tx, pull.run, {
      objects: items.length,
      refused: refused.length,
      unreadable: refused.filter(({ id }) => id === null).length,
    })
  })
}

/** Null when it was recorded, is here already, or is none of the hub's. */
async function recordOne(
  context: Context,
  { pull, snapshot, text }: { pull: Pull; snapshot: Snapshot; text: string },
): Promise<RefusedItem | null> {
  let id: string | null = null
  try {
    const version = versionOf(pull.platform.version)
    const body = readItem(text, version)
    id = typeof body.value.id === 'string' ? body.value.id : null
    if (isFromBefore(body, pull)) return null
    const owner = ownerOf(body, { pull, version })
    const lifted = await liftValue(context.db, {
      kind: 'cdr',
      value: body.value,
      from: version,
      owner,
    })
    if (!lifted.ok) return { id, fault: { pointer: lifted.pointer, message: lifted.reason } }
    const value = withTokenParty(lifted.value, snapshot)
    const receiver = partyOfToken(value)
    if (receiver === null)
      return { id, fault: { pointer: '/cdr_token', message: 'names no party' } }
    const { correlationId, platform } = pull
    const sent = {
      owner,
      platformId: platform.id,
      version,
      correlationId,
      body: { ...body, value },
      channel: 'pull' as const,
    }
    const { cdr, soft } = await admitCdr(context, { sent, receiver, snapshot })
    const { status } = await recordCdr(context, { cdr, relayed: false, soft })
    return status === 'conflict' ? { id, fault: faultOf(conflict()) } : null
  } catch (error) {
    if (error instanceof HubError) return { id, fault: faultOf(error) }
    throw error
  }
}

function faultOf(error: HubError): Fault {
  const [first] = error.faults
  const pointer = error.code === 'unknownReceiver' ? '/cdr_token' : ''
  return first ?? { pointer, message: error.message }
}

/** As the door reads a body, and mended as everything is that the hub fetches; doubtful numbers stay in doubt. */
function readItem(text: string, version: Version): ParsedBody {
  const bytes = Buffer.from(text)
  const scan = scanBody(bytes, {
    depthMax: limits.jsonDepthMax,
    keysMax: limits.jsonKeysMax,
    numberCharsMax: limits.jsonNumberCharsMax,
    duplicateKeys: 'refuse',
  })
  if (!scan.ok) throw invalid([{ pointer: scan.pointer ?? '', message: scan.message }])
  const schema = present(schemaFor(cdrs.endpoints.post?.body?.schema ?? {}, version), 'CDR schema')
  const sent = dropNulls(scan.value)
  const { value: mended, repairs } = repair(sent, schema, 'all')
  const { hard, soft } = validate(schema, mended)
  if (hard.length > 0) throw invalid(hard)
  const value = withExactNumbers(mended, scan.longNumbers)
  if (!isRecord(value)) throw invalid([{ pointer: '', message: 'is no JSON object' }])
  const told = repairs.map(({ pointer, message }) => ({ pointer, message }))
  return {
    bytes,
    text: scan.text,
    value,
    longNumbers: scan.longNumbers,
    soft: [...soft, ...told, ...fineAmounts(value)],
    repairs,
  }
}

function invalid(faults: Fault[]): HubError {
  return new HubError('invalid', 'the CDR cannot be worked with', { faults })
}

function isFromBefore({ value }: ParsedBody, { run }: Pull): boolean {
  const time = readTime(value.last_updated)
  return time !== null && time < run.since
}

/** A connection of 2.1.1 is one party's; later CDRs say whose they are. Throws HubError for a foreign one. */
function ownerOf(
  { value }: ParsedBody,
  { pull, version }: { pull: Pull; version: Version },
): string {
  const named = version === '2.1.1' ? pull.owners[0] : partyOf(value.country_code, value.party_id)
  if (named && pull.owners.includes(named)) return named
  const message = `names ${named ?? 'no party'}, which is no party of this platform`
  throw invalid([{ pointer: '/party_id', message }])
}
