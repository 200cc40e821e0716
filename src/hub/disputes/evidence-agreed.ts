import { Compile } from 'typebox/compile'
import type { Tx } from '../../db/sql.ts'
import { sql } from '../../db/sql.ts'
import { agreementTerms, defaultTerms } from '../agreement-terms.ts'
import type { Agreed } from '../agreements.ts'
import type { CdrRow } from '../cdrs/clear-facts.ts'

const terms = Compile(agreementTerms)

/** The agreement that a CDR was judged by; the hub's defaults where there was none. */
export async function readAgreed(tx: Tx, row: CdrRow): Promise<Agreed> {
  const version = row.agreement_version ?? 0
  const [found] = await tx.rows<{ terms: unknown }>(sql`
    select terms from agreements where cpo = ${row.owner} and emsp = ${row.receiver} and version = ${version}`)
  return found !== undefined && terms.Check(found.terms)
    ? { version, terms: found.terms }
    : { version: 0, terms: defaultTerms }
}
