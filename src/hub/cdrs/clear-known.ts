import type { Known } from '../../clearing/known.ts'
import type { Tx } from '../../db/sql.ts'
import {
  isMultiUse,
  readAuthorizations,
  readFirstAuthorizations,
  readSteps,
} from './clear-known-authority.ts'
import { readMeters } from './clear-known-meter.ts'
import { readCaptured } from './clear-known-money.ts'
import { readPlaces } from './clear-known-place.ts'
import { readRivals } from './clear-known-rivals.ts'
import { readSettled } from './clear-known-settled.ts'
import { recordsFor } from '../records/facts.ts'
import type { KnownRow, ReadBefore, TokenAtStart } from './known-row.ts'

/**
 * What the hub knows about the sessions of a batch beside their CDRs, set-wise: one query per kind, only for the rows
 * that can have it. Read under the locks of the subjects that it is decided by. `rows` are no credits; their token_key is
 * that of the token, also where the CDR named its contract alone. What came again (D1) is told at the door, not here.
 */
export async function readKnown(
  tx: Tx,
  rows: readonly KnownRow[],
  before: ReadBefore,
): Promise<Map<bigint, Known>> {
  if (rows.length === 0) return new Map()
  const steps = await readSteps(tx, rows)
  const authorizations = await readAuthorizations(tx, rows)
  const since = await readFirstAuthorizations(tx, rows)
  const found = await readPlaces(tx, rows, before)
  const rivals = await readRivals(tx, rows)
  const meters = await readMeters(tx, rows)
  const captured = await readCaptured(tx, rows)
  const records = await recordsFor(tx, rows)
  const originals = [...before.replaced.values()].map(({ originalId }) => originalId)
  const settled = await readSettled(tx, originals)
  return new Map(
    rows.map(({ id, owner, receiver }) => {
      const meter = meters.get(id)
      const replaced = before.replaced.get(id)
      return [
        id,
        {
          sessionSteps: steps.get(id) ?? [],
          token: tokenOf(before.tokens.get(id)),
          authorizations: authorizations.get(id) ?? [],
          authorizesSince: since.get(`${owner}>${receiver}`) ?? null,
          place: found.get(id) ?? null,
          rivals: rivals.get(id) ?? NO_RIVALS,
          captured: captured.get(id) ?? null,
          replaced: replaced
            ? { ...replaced.known, settled: settled.get(replaced.originalId) ?? [] }
            : null,
          record: records.get(id) ?? null,
          ...(meter ? { signed: meter.signed, meter: meter.meter } : {}),
        },
      ]
    }),
  )
}

const NO_RIVALS = { similar: [], neighbours: [], sameConnector: [], before: null, after: null }

function tokenOf(token: TokenAtStart | undefined): NonNullable<Known['token']> | null {
  if (!token) return null
  const { value, receivedAt } = token
  return { value, isMultiUse: isMultiUse(value), receivedAt }
}
