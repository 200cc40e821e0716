import type { Bundle } from './clearing-world-bundle.ts'
import type { Needs } from './clearing-world-plan.ts'
import { chargeFaults } from './clearing-faults-charge.ts'
import { creditFaults } from './clearing-faults-credit.ts'
import { existenceFaults } from './clearing-faults-existence.ts'
import { meterFaults } from './clearing-faults-meter.ts'
import { priceFaults } from './clearing-faults-price.ts'
import { structureFaults } from './clearing-faults-structure.ts'

/** One kind of fault: what it is planted on, and how; it says which codes must and which may come of it. */
export type Fault = { needs?: Needs; plant(bundle: Bundle): void }

/** Every kind that is planted, by a name that begins with its code. */
export const FAULTS: ReadonlyMap<string, Fault> = new Map(
  Object.entries({
    ...structureFaults,
    ...existenceFaults,
    ...chargeFaults,
    ...meterFaults,
    ...priceFaults,
    ...creditFaults,
  }),
)
