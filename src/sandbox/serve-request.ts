import type { Route } from '../ocpi/registry.ts'
import type { Version } from '../ocpi/version.ts'
import type { Address } from './dialect.ts'
import type { Json } from './json.ts'
import type { PartnerAnswer } from './partner-server.ts'

/** A functional request that passed token, path, method and schema. `url` is that of its module. */
export type ServeRequest = {
  route: Route
  version: Version
  query: URLSearchParams
  body: Json
  url: string
  /** The requesting party, where it was said. */
  from: Address | undefined
  /** Whose objects may be pushed here; null behind a hub, which brings everybody's. */
  owners: readonly Address[] | null
}

/** Where an operator takes commands. Answers at once; the result and what follows from it are sent later. */
export type CommandDesk = { take(request: ServeRequest): PartnerAnswer }
