/** A parsed JSON object. */
export type Json = Record<string, unknown>

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value with every object inside rebuilt by `change`, from the inside out. */
export function rebuilt(value: unknown, change: (object: Json) => Json): unknown {
  if (Array.isArray(value)) return value.map((each) => rebuilt(each, change))
  if (!isObject(value)) return value
  const inner = Object.entries(value).map(([key, each]) => [key, rebuilt(each, change)] as const)
  return change(Object.fromEntries(inner))
}

/** The value with decimal texts as JSON numbers. */
export function asNumbers(value: unknown): unknown {
  const numeric = (each: unknown) =>
    typeof each === 'string' && /^-?\d+(\.\d+)?$/.test(each) ? Number(each) : each
  return rebuilt(value, (object) =>
    Object.fromEntries(Object.entries(object).map(([key, each]) => [key, numeric(each)])),
  )
}
