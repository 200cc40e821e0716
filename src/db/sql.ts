/** One SQL statement with its parameters. Made only by the `sql` tag, so values never become text. */
export type Statement = { readonly text: string; readonly values: readonly unknown[] }

const texts = new WeakMap<TemplateStringsArray, string>()

/** Builds a Statement: `sql\`select id from cdrs where owner = ${owner}\``. Interpolated values become $1, $2, … */
export function sql(strings: TemplateStringsArray, ...values: readonly unknown[]): Statement {
  let text = texts.get(strings)
  if (text === undefined) {
    text = strings.reduce((whole, part, index) => (index === 0 ? part : `${whole}$${index}${part}`))
    texts.set(strings, text)
  }
  return { text, values }
}

/** Something that runs statements. int8 arrives as bigint, timestamptz as Date, jsonb parsed, bytea as Buffer. */
export interface Sql {
  rows<R extends object>(statement: Statement): Promise<R[]>
}

/** Statements of one open transaction. Functions that write take a Tx; only hub/ and workers/ open one. */
export interface Tx extends Sql {
  readonly inTransaction: true
  /** Several statements without parameters, as a migration file holds them. */
  script(text: string): Promise<void>
}

/** `deadlineMs`: how long each of its statements may take, where the usual time is too short by design. */
export type TransactionOptions = { deadlineMs?: number }

/** The pool. `transaction` commits when `work` resolves and rolls back when it throws. */
export interface Database extends Sql {
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>
  close(): Promise<void>
}
