import { createContext } from '../../src/context.ts'
import type { Context } from '../../src/context.ts'
import { testDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

/** What a worker process owns, on a database that is there, without any server. The caller closes it. */
export function workerContext(databaseUrl: string): Context {
  return createContext(
    {
      port: 0,
      databaseUrl,
      redisUrl: 'redis://127.0.0.1:1',
      adminToken: 'x'.repeat(24),
      secretsKeys: [Buffer.alloc(32, 7)],
      hub: { countryCode: 'NL', partyId: 'XCH', name: 'Crosscharge' },
      agreements: 'open',
      allowPrivatePeers: true,
      logLevel: 'silent',
    },
    'worker',
  )
}

/** The same on a database of its own: for work that needs no partner. */
export async function bareContext(): Promise<
  AsyncDisposable & { context: Context; database: TestDatabase }
> {
  const database = await testDatabase()
  const context = workerContext(database.url)
  return {
    context,
    database,
    [Symbol.asyncDispose]: async () => {
      await context.close()
      await database.drop()
    },
  }
}
