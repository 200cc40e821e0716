import { agreementRoutes } from './routes/agreements.ts'
import { cdrRoutes } from './routes/cdrs.ts'
import { importRoutes } from './routes/imports.ts'
import { ledgerRoutes } from './routes/ledger.ts'
import { operatorRoutes } from './routes/operators.ts'
import { platformRoutes } from './routes/platforms.ts'
import { settlementRoutes } from './routes/settlement.ts'
import { tariffRoutes } from './routes/tariffs.ts'
import { watchRoutes } from './routes/watch.ts'
import type { Route } from './route.ts'

/** Every route of /admin/v1. Server, validation, OpenAPI and checkAnswer are made of it. */
export const adminRoutes: readonly Route[] = [
  ...operatorRoutes,
  ...platformRoutes,
  ...agreementRoutes,
  ...cdrRoutes,
  ...tariffRoutes,
  ...settlementRoutes,
  ...ledgerRoutes,
  ...watchRoutes,
  ...importRoutes,
]

/** The routes that parties have too, under /party/v1, cut to their own side. */
export const partyRoutes: readonly Route[] = adminRoutes.filter((route) => route.party)
