import { Hono } from 'hono'
import type { Context } from './context.ts'
import { adminApp } from './http/admin/app.ts'
import { healthApp, metricsApp } from './http/health.ts'
import { partyApp } from './http/party/app.ts'
import { problem } from './http/problem.ts'
import { Refusal } from './hub/admin/refusal.ts'

/** Everything but /ocpi, which http/ocpi-edge.ts serves without Hono in the way. No IO, no listen. */
export function buildApp(context: Context): Hono {
  const app = new Hono()
  app.route('/admin/v1', adminApp(context))
  app.route('/party/v1', partyApp(context))
  app.route('/health', healthApp(context))
  if (context.config.metricsPort === undefined) app.route('/', metricsApp(context, 'operators'))
  app.notFound(() =>
    problem(
      new Refusal(
        'notFound',
        'There is nothing here: try /ocpi/versions, /admin/v1/openapi.json or /health/ready.',
      ),
    ),
  )
  app.onError((error) => problem(error))
  return app
}
