import type { Sql } from '../../db/sql.ts'
import { listStatements, statement } from '../../settlement/statements.ts'
import { statementCsv } from '../../settlement/statement-csv.ts'
import { unknownCycle } from './cycles.ts'
import type { PageRequest } from './paging.ts'
import { cursorParts, pageCursor, pageLimit, pageOf } from './paging.ts'
import { Refusal } from './refusal.ts'
import type { Scope } from './scope.ts'
import { sees } from './scope.ts'

type StatementKey = { cycleId: string; party: string }

/** A page of the statements of a cycle, one per party, without their lines. */
export async function listStatementsOf(db: Sql, request: PageRequest & { cycleId: string }) {
  const limit = pageLimit(request)
  const [after = ''] = cursorParts(request, 1)
  const all = await listStatements(db, request.cycleId)
  if (!all) throw unknownCycle(request.cycleId)
  const rows = all.filter(({ party }) => party > after).slice(0, limit + 1)
  return pageOf(rows, { limit, cursor: (row) => [row.party], item: (row) => row })
}

/** One party's statement with a page of its lines. A party asks for its own ones only. */
export async function getStatement(db: Sql, scope: Scope, request: PageRequest & StatementKey) {
  refuseForeign(scope, request.party)
  const [after] = cursorParts(request, 1)
  const found = await statement(db, {
    cycleId: request.cycleId,
    party: request.party,
    ...(after === undefined ? {} : { after }),
    ...(request.limit === undefined ? {} : { limit: request.limit }),
  })
  if (!found) throw unknownCycle(request.cycleId)
  const next = found.next_cursor
  return { ...found, next_cursor: next === null ? null : pageCursor(next) }
}

/** The same statement as CSV text in pieces. Whether the cycle exists is known before the first piece is answered. */
export async function getStatementCsv(
  db: Sql,
  scope: Scope,
  key: StatementKey,
): Promise<AsyncIterable<string>> {
  refuseForeign(scope, key.party)
  const pieces = statementCsv(db, key)
  const first = await pieces.next()
  if (first.done) throw unknownCycle(key.cycleId)
  return follow(first.value, pieces)
}

async function* follow(
  first: string,
  rest: AsyncIterable<string>,
): AsyncGenerator<string, void, undefined> {
  yield first
  yield* rest
}

function refuseForeign(scope: Scope, party: string): void {
  if (!sees(scope, party)) throw new Refusal('notFound', `There is no statement of ${party} here.`)
}
