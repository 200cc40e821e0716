import type { Hono } from 'hono'
import type { Context } from '../../context.ts'
import { authenticateOperator } from '../../hub/admin/authenticate.ts'
import { recordDenial } from '../../hub/admin/audit.ts'
import { Refusal } from '../../hub/admin/refusal.ts'
import { operatorOf } from '../../hub/admin/scope.ts'
import { openApiDocument } from '../openapi.ts'
import { serveSurface } from './surface.ts'
import { adminRoutes } from './table.ts'

/** The operators' API, to be mounted at /admin/v1. */
export function adminApp(context: Context): Hono {
  return serveSurface({
    context,
    name: 'admin',
    routes: adminRoutes,
    document: openApiDocument('admin'),
    authenticate: (header) => authenticateOperator(context, header),
    authorize: async (scope, route) => {
      const { actor, roles } = operatorOf(scope)
      if (roles.includes('admin') || route.roles.some((role) => roles.includes(role))) return
      await recordDenial(context.db, { actor, method: route.method, path: route.path })
      throw new Refusal(
        'forbidden',
        `This needs the role ${[...new Set([...route.roles, 'admin'])].join(' or ')}.`,
      )
    },
  })
}
