/** Entries as a map of lists, in their order. */
export function grouped<K, V>(entries: readonly (readonly [K, V])[]): Map<K, V[]> {
  const map = new Map<K, V[]>()
  for (const [key, value] of entries) {
    const list = map.get(key)
    if (list) list.push(value)
    else map.set(key, [value])
  }
  return map
}
