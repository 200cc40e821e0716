import { DatabaseUnavailable } from './database.ts'

/** Something that collects work of one kind and does it together. */
export type Batcher<I, O> = {
  /** Resolves with this item's own result once the batch it was in has committed. */
  add(item: I): Promise<O>
}

type Waiting<I, O> = { item: I; resolve: (output: O) => void; reject: (error: unknown) => void }

/**
 * Group commit: what arrives while one batch is being written forms the next one, so concurrent writes of one kind
 * share a disk flush and a lone write waits for nobody. `run` answers in the order of its input. When a batch fails for
 * another reason than a lost database, its items are run one by one, so a bad one fails alone.
 */
export function createBatcher<I, O>(options: {
  rowsMax: number
  run: (items: readonly I[]) => Promise<O[]>
}): Batcher<I, O> {
  let waiting: Waiting<I, O>[] = []
  let busy = false
  const pump = async () => {
    if (busy) return
    busy = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, options.rowsMax)
      waiting = waiting.slice(batch.length)
      await settle(batch, options.run)
    }
    busy = false
  }
  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject })
        // One turn of the event loop lets requests that are already being read join.
        if (!busy && waiting.length === 1) setImmediate(() => void pump())
      }),
  }
}

async function settle<I, O>(
  batch: readonly Waiting<I, O>[],
  run: (items: readonly I[]) => Promise<O[]>,
): Promise<void> {
  try {
    const outputs = await run(batch.map(({ item }) => item))
    for (const [index, { resolve, reject }] of batch.entries()) {
      const output = outputs[index]
      if (output === undefined) reject(new Error('a batch answered fewer items than it was given'))
      else resolve(output)
    }
  } catch (error) {
    if (batch.length === 1 || error instanceof DatabaseUnavailable) {
      for (const { reject } of batch) reject(error)
    } else {
      for (const one of batch) await settle([one], run)
    }
  }
}
