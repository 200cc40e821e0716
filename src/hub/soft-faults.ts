import { limits } from '../../config/limits.ts'
import type { Tx } from '../db/sql.ts'
import type { Fault } from '../errors.ts'
import { raiseAlert } from './alerts.ts'

/** An object that was taken although something in it is against the specification. */
export type Tolerated = { module: string; owner: string; key: string; soft: readonly Fault[] }

/**
 * Tells the operator what was accepted and kept as sent although it is wrong: one alert per owner, module and place in
 * the object, however many objects have it, so that a feed with one systematic mistake is one line.
 */
export async function noteSoftFaults(tx: Tx, objects: readonly Tolerated[]): Promise<void> {
  const seen = new Map<string, { object: Tolerated; fault: Fault; place: string }>()
  for (const object of objects) {
    for (const fault of object.soft.slice(0, limits.softFindingsMax)) {
      const place = fault.pointer.replace(/\/\d+(?=\/|$)/g, '/*').slice(0, 200)
      const subject = `${object.owner}/${object.module}${place}`
      if (!seen.has(subject)) seen.set(subject, { object, fault, place })
    }
  }
  for (const subject of [...seen.keys()].sort()) {
    const first = seen.get(subject)
    if (!first) continue
    const { object, fault } = first
    await raiseAlert(tx, {
      code: 'object_fault',
      severity: 'notice',
      subject,
      message: `${object.module} of ${object.owner}: ${fault.pointer} ${fault.message} (last seen in ${object.key})`,
      advice:
        'The object was kept as sent. Ask its owner to correct the member; nothing else is needed.',
    })
  }
}
