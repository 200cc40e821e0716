import type { Database, Statement } from '../../src/db/sql.ts'

/** The rows of tables as JSON text, to be written again as they are. */
export async function readRows(
  db: Database,
  tables: readonly { table: string; where?: string }[],
): Promise<{ table: string; json: string }[]> {
  const rows: { table: string; json: string }[] = []
  for (const { table, where = 'true' } of tables) {
    const [found] = await db.rows<{ json: string }>(
      text(
        `select coalesce(jsonb_agg(to_jsonb(t)), '[]')::text as json from ${table} t where ${where}`,
      ),
    )
    rows.push({ table, json: found?.json ?? '[]' })
  }
  return rows
}

/** Writes them with one statement per table and one commit: the least that recording them can cost. */
export async function writeRows(
  db: Database,
  rows: readonly { table: string; json: string }[],
): Promise<void> {
  await db.transaction(async (tx) => {
    for (const { table, json } of rows) {
      const statement = `insert into ${table} overriding system value
        select * from jsonb_populate_recordset(null::${table}, $1::jsonb)`
      await tx.rows({ ...text(statement), values: [json] })
    }
  })
}

/** A statement of our own table names; identifiers cannot be parameters. */
function text(statement: string): Statement {
  return { text: statement, values: [] }
}
