import type { Hono } from 'hono'
import type { Context } from '../../context.ts'
import { authenticateParty } from '../../hub/admin/authenticate.ts'
import { openApiDocument } from '../openapi.ts'
import { serveSurface } from '../admin/surface.ts'
import { partyRoutes } from '../admin/table.ts'

/**
 * What a connected platform sees of its own side, with its own credentials token; to be mounted at /party/v1. The
 * routes, schemas and functions are the admin API's, given the party's scope.
 */
export function partyApp(context: Context): Hono {
  return serveSurface({
    context,
    name: 'party',
    routes: partyRoutes,
    document: openApiDocument('party'),
    authenticate: (header) => authenticateParty(context, header),
    authorize: async () => {},
  })
}
