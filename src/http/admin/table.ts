import { agreementRoutes } from './routes/agreements.ts'
import { cdrRoutes } from './routes/cdrs.ts'
import { contestRoutes } from './routes/contest.ts'
import { disputeRoutes } from './routes/disputes.ts'
import { importRoutes } from './routes/imports.ts'
import { ledgerRoutes } from './routes/ledger.ts'
import { operatorRoutes } from './routes/operators.ts'
import { platformRoutes } from './routes/platforms.ts'
import { ruleRoutes } from './routes/rules.ts'
import { recordRoutes } from './routes/records.ts'
import { settlementRoutes } from './routes/settlement.ts'
import { tariffRoutes } from './routes/tariffs.ts'
import { upkeepRoutes } from './routes/upkeep.ts'
import { watchRoutes } from './routes/watch.ts'
import { webhookListRoutes, webhookRoutes } from './routes/webhooks.ts'
import type { Route } from './route.ts'

/** Every route of /admin/v1. Server, validation, OpenAPI and checkAnswer are made of it. */
export const adminRoutes: readonly Route[] = [
  ...operatorRoutes,
  ...platformRoutes,
  ...agreementRoutes,
  ...cdrRoutes,
  ...contestRoutes,
  ...disputeRoutes,
  ...tariffRoutes,
  ...ruleRoutes,
  ...settlementRoutes,
  ...ledgerRoutes,
  ...watchRoutes,
  ...upkeepRoutes,
  ...webhookListRoutes,
  ...importRoutes,
  ...recordRoutes,
]

/** The routes under /party/v1: those that parties have too, cut to their own side, and what they have alone. */
export const partyRoutes: readonly Route[] = [
  ...adminRoutes.filter((route) => route.party),
  ...webhookRoutes,
]
