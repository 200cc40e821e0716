import { environment, exitCodeConfig, readConfig } from '../../config/env.ts'
import { openDatabase } from './database.ts'
import { migrate } from './migrate.ts'

/** `npm run migrate`: brings the database that DATABASE_URL names up to date. */
async function main(): Promise<number> {
  let url: string
  try {
    url = readConfig(environment()).databaseUrl
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return exitCodeConfig
  }
  const db = openDatabase({ url, applicationName: 'crosscharge-migrate', onError: () => undefined })
  try {
    const ran = await migrate(db)
    process.stdout.write(
      ran.length === 0 ? 'the database is up to date\n' : `migrated: ${ran.join(', ')}\n`,
    )
    return 0
  } catch (error) {
    process.stderr.write(
      `the migration failed: ${error instanceof Error ? error.message : String(error)}\n`,
    )
    return 1
  } finally {
    await db.close()
  }
}

process.exitCode = await main()
