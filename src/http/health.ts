import { Hono } from 'hono'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { authenticateOperator } from '../hub/admin/authenticate.ts'
import { problem } from './problem.ts'
import { readMetrics } from '../hub/gauges.ts'

const NO_STORE = { 'cache-control': 'no-store' }

/** /health/live: the process runs. /health/ready: it can work; PostgreSQL decides, without Redis it only lags. */
export function healthApp(context: Context): Hono {
  const app = new Hono()
  app.get('/live', (c) => c.json({ status: 'live' }, 200, NO_STORE))
  app.get('/ready', async (c) => {
    const postgresql = await context.db.rows(sql`select 1 as one`).then(
      () => 'up' as const,
      () => 'down' as const,
    )
    const redis = context.limiter.isShared() ? ('up' as const) : ('down' as const)
    const status = postgresql === 'down' ? 'not ready' : redis === 'down' ? 'degraded' : 'ready'
    return c.json(
      { status, dependencies: { postgresql, redis } },
      postgresql === 'up' ? 200 : 503,
      NO_STORE,
    )
  })
  return app
}

/** GET /metrics for Prometheus, on the public port only with an operator's token. */
export function metricsApp(context: Context, access: 'operators' | 'open'): Hono {
  const app = new Hono()
  app.get('/metrics', async (c) => {
    try {
      if (access === 'operators') await authenticateOperator(context, c.req.header('authorization'))
      const { contentType } = context.metrics.registry
      return c.body(await readMetrics(context), 200, { 'content-type': contentType, ...NO_STORE })
    } catch (error) {
      return problem(error)
    }
  })
  return app
}
