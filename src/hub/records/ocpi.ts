import { HubError } from '../../errors.ts'
import type { Fault } from '../../errors.ts'
import type { Context } from '../../context.ts'
import { limits } from '../../../config/limits.ts'
import { partyOf, writeTime } from '../../ocpi/primitives.ts'
import type { HubCall, HubModule } from '../hub-call.ts'
import { hubPage, readHubBody, readHubPage } from '../hub-call.ts'
import { success } from '../request.ts'
import type { OcpiAnswer } from '../request.ts'
import { listOwnRecords } from './list.ts'
import { saveRecords } from './store.ts'
import type { RecordDraft, RecordResult } from './store.ts'

/**
 * `<hub>-records`: an eMSP's own records of charging sessions, which the hub holds CDRs against. A record looks like a
 * CDR of which anything may be missing. PUT one under its own id, POST one or a list, GET its own.
 */
export const recordsModule: HubModule = {
  roles: ['EMSP'],
  endpoints: {
    list: { interface: 'receiver', method: 'GET', path: '/', answer: listRecords },
    post: { interface: 'receiver', method: 'POST', path: '/', answer: takeRecords },
    put: {
      interface: 'receiver',
      method: 'PUT',
      path: '/:country_code/:party_id/:record_id',
      answer: takeRecord,
    },
  },
}

async function listRecords(context: Context, call: HubCall): Promise<OcpiAnswer> {
  const page = readHubPage(call)
  const listed = await listOwnRecords(context.db, { receiver: call.from.party, page })
  const items = listed.rows.map((row) => ({
    record_id: row.record_id,
    revision: row.revision,
    received: writeTime(row.received_at),
    state: row.state,
    cdrs: row.cdrs,
    record: row.value,
  }))
  return hubPage(call, { items, total: listed.total, page, after: listed.after })
}

async function takeRecord(context: Context, call: HubCall): Promise<OcpiAnswer> {
  const { country_code: countryCode, party_id: partyId, record_id: id = '' } = call.route.params
  const receiver = call.from.party
  if (partyOf(countryCode, partyId) !== receiver)
    throw new HubError('notYours', 'there is no such record of yours')
  const value = await readHubBody(call, { nulls: 'drop' })
  const [result] = await saveRecords(context, { receiver, source: 'ocpi', drafts: [{ value, id }] })
  if (result === undefined || result.outcome === 'refused')
    throw unusable(result?.faults.map(({ pointer, message }) => ({ pointer, message })) ?? [])
  return success(JSON.stringify(asAnswer(result)))
}

/** Of a list, what can be kept is kept; the answer has a line for each. */
async function takeRecords(context: Context, call: HubCall): Promise<OcpiAnswer> {
  const body = await readHubBody(call, { nulls: 'drop' })
  const list: readonly unknown[] = Array.isArray(body) ? body : [body]
  if (list.length > limits.recordsPerRequestMax)
    throw unusable([
      { pointer: '', message: `send at most ${limits.recordsPerRequestMax} records at once` },
    ])
  const drafts: RecordDraft[] = list.map((value) => ({ value }))
  const results = await saveRecords(context, { receiver: call.from.party, source: 'ocpi', drafts })
  const refused = results.flatMap((result, index) =>
    result.outcome === 'refused' ? result.faults.map((fault) => at(fault, index, list)) : [],
  )
  const isNone = results.every(({ outcome }) => outcome === 'refused')
  if (isNone && results.length > 0) throw unusable(refused.slice(0, limits.recordFaultsMax))
  const dataText = JSON.stringify(results.map(asAnswer))
  return refused.length === 0
    ? success(dataText)
    : success(dataText, { statusMessage: `${refused.length} faults; see each record's outcome` })
}

function at(fault: Fault, index: number, list: readonly unknown[]): Fault {
  return list.length === 1 ? fault : { ...fault, pointer: `/${index}${fault.pointer}` }
}

function asAnswer(result: RecordResult): object {
  return result.outcome === 'refused'
    ? { outcome: result.outcome, faults: result.faults }
    : { outcome: result.outcome, record_id: result.recordId, revision: result.revision }
}

function unusable(faults: Fault[]): HubError {
  return new HubError('invalid', 'the record cannot be worked with', { faults })
}
