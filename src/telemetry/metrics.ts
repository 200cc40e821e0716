import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

/** Prometheus metrics of one process. Labels are codes, never ids. */
export type Metrics = ReturnType<typeof createMetrics>

/** A registry of its own per process, so that two hubs in one test do not share figures. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    requests: new Counter({
      name: 'crosscharge_requests_total',
      help: 'Requests by surface, module and answer',
      labelNames: ['surface', 'module', 'http_status', 'ocpi_status'],
      registers: [registry],
    }),
    requestSeconds: new Histogram({
      name: 'crosscharge_request_seconds',
      help: 'Time to answer',
      labelNames: ['surface'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers: [registry],
    }),
    peerCalls: new Counter({
      name: 'crosscharge_peer_calls_total',
      help: 'Calls to partners by outcome',
      labelNames: ['module', 'outcome'],
      registers: [registry],
    }),
    cdrs: new Counter({
      name: 'crosscharge_cdr_transitions_total',
      help: 'CDR transitions by new state',
      labelNames: ['state'],
      registers: [registry],
    }),
    fenced: new Counter({
      name: 'crosscharge_fenced_commits_total',
      help: 'Commits of late workers that were refused by a condition',
      registers: [registry],
    }),
    outboxOpen: new Gauge({
      name: 'crosscharge_outbox_open',
      help: 'Unfinished outbox rows by kind',
      labelNames: ['kind'],
      registers: [registry],
    }),
    alertsOpen: new Gauge({
      name: 'crosscharge_alerts_open',
      help: 'Open alerts by code',
      labelNames: ['code'],
      registers: [registry],
    }),
  }
}
