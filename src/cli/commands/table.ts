import type { Command } from '../command.ts'
import { hubCommands } from './hub.ts'
import { moneyCommands } from './money.ts'
import { priceCommands } from './price.ts'

/** Every command, in the order help shows them. */
export const commands: readonly Command[] = [...hubCommands, ...moneyCommands, ...priceCommands]
