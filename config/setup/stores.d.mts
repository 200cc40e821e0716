/** Stores of one purpose, opened for this process. See stores.mjs. */
export type Stores = {
  /** Nobody else uses them. */
  first: boolean
  /** Folder of this purpose inside `.data`. */
  folder: string
  /** URL of a database on the PostgreSQL of this purpose, for role `crosscharge` (not superuser, CREATEDB). */
  databaseUrl: (database: string) => string
  redisUrl: string
  /** Remembers a process (leader of its group) that must not outlive this one, even when this one is killed. */
  keepChild: (pid: number) => Promise<void>
  /** Stops the stores when nobody else uses them. */
  close: () => Promise<void>
  /** SIGKILL, as a power cut would. */
  kill: (store: 'postgres' | 'redis') => Promise<void>
  /** Starts a killed store again on its old port, with what it had on disk. */
  restart: (store: 'postgres' | 'redis') => Promise<void>
}

export function openStores(options: {
  root: string
  purpose: string
  only?: readonly ('postgres' | 'redis')[]
  say?: (text: string) => void
}): Promise<Stores>

/** Stops the stores of `purpose`, whoever uses them, and removes their files. */
export function removeStores(options: { root: string; purpose: string }): Promise<void>
