import { limits } from '../../../config/limits.ts'
import type { Tx } from '../../db/sql.ts'
import type { Fault } from '../../errors.ts'
import { raiseAlert } from '../alerts.ts'
import type { Pull } from './pull-state.ts'

/** An object of a page that could not be taken. `id` null: nobody can tell which one it is. */
export type RefusedItem = { id: string | null; fault: Fault }

/** One alert a partner, module and place, with the last object that had it. */
export async function tellRefused(
  tx: Tx,
  pull: Pull,
  refused: readonly RefusedItem[],
): Promise<void> {
  const places = new Map(
    refused.map((one) => [one.fault.pointer.replace(/\/\d+(?=\/|$)/g, '/*').slice(0, 200), one]),
  )
  for (const [place, { id, fault }] of [...places].sort().slice(0, limits.softFindingsMax)) {
    await raiseAlert(tx, {
      code: 'pulled_object_refused',
      severity: 'notice',
      subject: `${pull.platform.id}/${pull.module.id}${place}`,
      message: `${pull.module.id} of ${pull.platform.name}: ${fault.pointer} ${fault.message} (last in ${(id ?? 'one without id').slice(0, 100)})`,
      advice:
        'The object was left out, the rest of the page was taken. Ask its owner to correct it.',
    })
  }
}
