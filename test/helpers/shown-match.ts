import type { Match } from '../../src/ocpi/registry.ts'

/** The name and parameters of an endpoint that was found, the methods there are instead, or `unknown`. */
export function shownMatch(match: Match): unknown {
  switch (match.kind) {
    case 'route':
      return [`${match.route.module.id}.${match.route.name}`, { ...match.route.params }]
    case 'method':
      return match.allow
    default:
      return match.kind
  }
}
