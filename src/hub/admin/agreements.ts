import type { Context } from '../../context.ts'
import type { Sql, Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { present } from '../../assert.ts'
import { foldUpper } from '../../ocpi/primitives.ts'
import { moduleById } from '../../ocpi/registry.ts'
import { schemaFor, validate } from '../../ocpi/validate.ts'
import { TERMS } from '../../clearing/terms.ts'
import type { AgreementTerms } from '../agreement-terms.ts'
import { defaultTerms } from '../agreement-terms.ts'
import { policyFault } from '../policy-terms.ts'
import { announcePairs } from '../connection/announce.ts'
import { appendAudit } from './audit.ts'
import type { PageRequest } from './paging.ts'
import { cursorParts, pageLimit, pageOf } from './paging.ts'
import { Refusal } from './refusal.ts'
import { ruleFaults } from './rule-faults.ts'

export type Pair = { cpo: string; emsp: string }

/** Terms as they are asked for: gaps are filled with the defaults, decimals may come as JSON numbers. */
type TermsDraft = Partial<Omit<AgreementTerms, 'tolerance'>> & {
  tolerance?: {
    [Of in keyof AgreementTerms['tolerance']]?: {
      [Name in keyof NonNullable<AgreementTerms['tolerance'][Of]>]?: string | number
    }
  }
}

type AgreementRow = {
  cpo: string
  emsp: string
  version: number
  terms: AgreementTerms
  valid_from: Date | null
  valid_to: Date | null
  ended: boolean
  created_at: Date
  created_by: string
}

/** A page of the newest version of every pair that has not ended its agreement, by CPO and eMSP. */
export async function listAgreements(
  db: Sql,
  request: PageRequest & { party?: string | undefined },
) {
  const limit = pageLimit(request)
  const [cpo, emsp] = cursorParts(request, 2)
  const party = request.party === undefined ? null : foldUpper(request.party)
  const rows = await db.rows<AgreementRow>(sql`
    select cpo, emsp, version, terms, valid_from, valid_to, ended, created_at, created_by
    from (select distinct on (cpo, emsp) cpo, emsp, version, terms, valid_from, valid_to, ended, created_at, created_by
      from agreements order by cpo, emsp, version desc) newest
    where not ended and (${cpo ?? null}::text is null or (cpo, emsp) > (${cpo ?? null}::text, ${emsp ?? null}::text))
      and (${party}::text is null or cpo = ${party} or emsp = ${party})
    order by cpo, emsp limit ${limit + 1}`)
  return pageOf(rows, { limit, cursor: (row) => [row.cpo, row.emsp], item: asAnswer })
}

/** The newest version of a pair with the list of all its versions. Not found when there is none or it has ended. */
export async function getAgreement(db: Sql, pair: Pair) {
  const versions = await readVersions(db, fold(pair))
  const newest = versions[0]
  if (!newest || newest.ended) throw nothingAgreed(fold(pair))
  return { ...asAnswer(newest), versions: versions.map(asVersion) }
}

/** Writes a new version; older ones stay, because a CDR is judged by the one in force when its session began. */
export async function putAgreement(
  context: Context,
  order: { actor: string; pair: Pair; draft: TermsDraft; reason?: string | undefined },
) {
  const pair = fold(order.pair)
  const terms = fillTerms(order.draft)
  const { valid_from: from = null, valid_to: to = null } = terms
  if (from !== null && to !== null && new Date(from) >= new Date(to)) {
    const faults = [{ pointer: '/valid_to', message: 'must be after valid_from' }]
    throw new Refusal('invalidBody', 'The agreement would never be in force.', { faults })
  }
  refuseRules(terms)
  refuseUnreadable(terms)
  if (pair.cpo === pair.emsp)
    throw new Refusal('conflict', 'A party needs no agreement with itself.')
  await context.db.transaction(async (tx) => {
    const version = await nextVersion(tx, pair)
    await tx.rows(sql`
      insert into agreements (cpo, emsp, version, terms, valid_from, valid_to, created_by)
      values (${pair.cpo}, ${pair.emsp}, ${version}, ${JSON.stringify(terms)}, ${from}, ${to}, ${order.actor})`)
    // What begins or ends later is told by the sweep, when it does.
    if (context.config.agreements === 'required') await announcePairs(tx, [pair])
    const details = { version, terms }
    await appendAudit(tx, { ...asEntry({ ...order, pair }, 'agreement.put'), details })
  })
  context.directory.invalidate()
  return getAgreement(context.db, pair)
}

/** Ends the agreement of a pair from now on: a version too, so that earlier sessions are still judged by the terms. */
export async function endAgreement(
  context: Context,
  order: { actor: string; pair: Pair; reason?: string | undefined },
): Promise<void> {
  const pair = fold(order.pair)
  await context.db.transaction(async (tx) => {
    const version = await nextVersion(tx, pair)
    const ended = await tx.rows(sql`
      insert into agreements (cpo, emsp, version, terms, ended, created_by)
      select cpo, emsp, ${version}, terms, true, ${order.actor} from agreements
      where cpo = ${pair.cpo} and emsp = ${pair.emsp} and version = ${version - 1} and not ended
      returning version`)
    if (ended.length === 0) throw nothingAgreed(pair)
    if (context.config.agreements === 'required') await announcePairs(tx, [pair])
    await appendAudit(tx, { ...asEntry({ ...order, pair }, 'agreement.end'), details: { version } })
  })
  context.directory.invalidate()
}

/** What no rule has, or what its floor forbids; also where one side only asks for it. */
function refuseRules(terms: AgreementTerms): void {
  const { cpo = {}, emsp = {} } = terms.tightenings ?? {}
  const faults = [
    ...ruleFaults(terms),
    ...ruleFaults({ severities: cpo.severities }, '/tightenings/cpo'),
    ...ruleFaults({ severities: emsp.severities }, '/tightenings/emsp'),
  ]
  if (faults.length > 0)
    throw new Refusal('invalidBody', 'Some of these rules cannot be agreed.', { faults })
}

/** A policy or tariff that nothing could be priced by. */
function refuseUnreadable(terms: AgreementTerms): void {
  const fault = policyFault(terms)
  if (fault) throw new Refusal('invalidBody', 'The policy cannot be used.', { faults: [fault] })
  const faults = tariffFaults(terms)
  if (faults.length > 0)
    throw new Refusal('invalidBody', 'The tariff cannot be priced by.', { faults })
}

/** Of the version that its members belong to; its numbers are JSON numbers. */
function tariffFaults({ tariff }: AgreementTerms): { pointer: string; message: string }[] {
  if (tariff === undefined) return []
  const { schema } = present(moduleById('tariffs')?.object, 'objects of the module tariffs')
  const version = Object.hasOwn(tariff, 'tax_included') ? '2.3.0' : '2.2.1'
  const verdict = validate(present(schemaFor(schema, version), 'schema of a tariff'), tariff)
  return verdict.hard.map(({ pointer, message }) => ({ pointer: `/tariff${pointer}`, message }))
}

/** Terms with every gap filled and every decimal as text. */
function fillTerms(draft: TermsDraft): AgreementTerms {
  const { cost, energy, duration } = draft.tolerance ?? {}
  return {
    ...defaultTerms,
    ...draft,
    tolerance: {
      cost: decimals('cost', { ...TERMS.tolerance.cost, ...cost }),
      // What nobody agreed stays open: it is filled when it is read.
      ...(energy ? { energy: decimals('energy', { ...TERMS.tolerance.energy, ...energy }) } : {}),
      ...(duration
        ? { duration: decimals('duration', { ...TERMS.tolerance.duration, ...duration }) }
        : {}),
    },
  }
}

function decimals<Name extends string>(
  of: string,
  values: Readonly<Record<Name, string | number>>,
): Record<Name, string>
function decimals(
  of: string,
  values: Readonly<Record<string, string | number>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, decimalText(`${of}/${name}`, value)]),
  )
}

/** Nine digits on either side; a JSON number so small that it prints with an exponent is no tolerance anybody meant. */
function decimalText(field: string, value: string | number): string {
  const text = String(value)
  if (/^[0-9]{1,9}([.][0-9]{1,9})?$/.test(text)) return text
  const faults = [
    { pointer: `/tolerance/${field}`, message: 'must be a plain decimal, not negative' },
  ]
  throw new Refusal('invalidBody', 'The tolerance cannot be read.', { faults })
}

async function nextVersion(tx: Tx, pair: Pair): Promise<number> {
  // Locks the pair: two PUTs at once get two numbers.
  await tx.rows(
    sql`select pg_advisory_xact_lock(hashtextextended(${`agreement ${pair.cpo} ${pair.emsp}`}, 0))`,
  )
  const [row] = await tx.rows<{ version: number }>(sql`
    select coalesce(max(version), 0) + 1 as version from agreements where cpo = ${pair.cpo} and emsp = ${pair.emsp}`)
  return row?.version ?? 1
}

async function readVersions(db: Sql, pair: Pair): Promise<AgreementRow[]> {
  return db.rows<AgreementRow>(sql`
    select cpo, emsp, version, terms, valid_from, valid_to, ended, created_at, created_by
    from agreements where cpo = ${pair.cpo} and emsp = ${pair.emsp} order by version desc`)
}

function fold(pair: Pair): Pair {
  return { cpo: foldUpper(pair.cpo), emsp: foldUpper(pair.emsp) }
}

function asAnswer(row: AgreementRow) {
  const { cpo, emsp, version, created_at, created_by, terms } = row
  return { cpo, emsp, version, created_at: created_at.toISOString(), created_by, ...terms }
}

function asVersion(row: AgreementRow) {
  return {
    version: row.version,
    valid_from: row.valid_from?.toISOString() ?? null,
    valid_to: row.valid_to?.toISOString() ?? null,
    ended: row.ended,
    created_at: row.created_at.toISOString(),
    created_by: row.created_by,
  }
}

function asEntry(
  order: { actor: string; pair: Pair; reason?: string | undefined },
  action: string,
) {
  return {
    actor: order.actor,
    action,
    subject: `${order.pair.cpo}>${order.pair.emsp}`,
    reason: order.reason,
  }
}

function nothingAgreed(pair: Pair): Refusal {
  return new Refusal('notFound', `${pair.cpo} and ${pair.emsp} have no agreement; PUT one.`)
}
