import path from 'node:path'
import { openStores, removeStores } from '../../config/setup/stores.mjs'
import type { Stores } from '../../config/setup/stores.mjs'

const root = path.resolve(import.meta.dirname, '../..')

export type OwnStores = Stores & AsyncDisposable

/**
 * A PostgreSQL and a Redis of the caller's own, for tests that kill, freeze or empty them (TEST_DATABASE_URL and
 * TEST_REDIS_URL are shared with other tests). Takes two seconds. `await using` stops them and removes their files;
 * those of a killed test are swept by the next `npm test`.
 */
export async function ownStores(
  only: readonly ('postgres' | 'redis')[] = ['postgres', 'redis'],
): Promise<OwnStores> {
  const purpose = `test-${process.pid}`
  const stores = await openStores({ root, purpose, only })
  const dispose = (): Promise<void> => removeStores({ root, purpose })
  return { ...stores, close: dispose, [Symbol.asyncDispose]: dispose }
}
