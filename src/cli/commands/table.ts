import type { Command } from '../command.ts'
import { compareCommands } from './compare.ts'
import { conformanceCommands } from './conformance.ts'
import { disputeCommands } from './disputes.ts'
import { evidenceCommands } from './evidence.ts'
import { explainCommands } from './explain.ts'
import { followUpCommands } from './follow-ups.ts'
import { hubCommands } from './hub.ts'
import { importCommands } from './import.ts'
import { lintCommands } from './lint.ts'
import { moneyCommands } from './money.ts'
import { priceCommands } from './price.ts'
import { quirkCommands } from './quirks.ts'
import { recordCommands } from './records.ts'
import { ruleCommands } from './rules.ts'
import { tariffCommands } from './tariffs.ts'
import { verifyCommands } from './verify.ts'

/** Every command, in the order help shows them. */
export const commands: readonly Command[] = [
  ...hubCommands,
  ...quirkCommands,
  ...moneyCommands,
  ...disputeCommands,
  ...followUpCommands,
  ...ruleCommands,
  ...importCommands,
  ...recordCommands,
  ...tariffCommands,
  ...priceCommands,
  ...explainCommands,
  ...evidenceCommands,
  ...compareCommands,
  ...lintCommands,
  ...verifyCommands,
  ...conformanceCommands,
]
