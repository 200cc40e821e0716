import { figureText, perFigure, readFigure, timesFigure } from './figures.ts'
import type { Figure } from './figures.ts'
import { instant } from './instant.ts'
import { isObject } from './reading.ts'

type Fields = Record<string, unknown>

/** The tariffs with every price component changed. Partners' values: what is no component stays as it is. */
export function editComponents(
  tariffs: readonly unknown[],
  edit: (component: Fields) => Fields | null,
): readonly unknown[] {
  return editElements(tariffs, (components) => components.map(edit).filter((each) => each !== null))
}

/** The tariffs with the components of every element changed together. */
export function editElements(
  tariffs: readonly unknown[],
  edit: (components: readonly Fields[]) => readonly Fields[],
): readonly unknown[] {
  return editObjects(tariffs, (tariff) =>
    editList(tariff, 'elements', (elements) =>
      editObjects(elements, (element) =>
        editList(element, 'price_components', (list) => edit(list.filter(isObject))),
      ),
    ),
  )
}

export function editObjects(
  list: readonly unknown[],
  edit: (fields: Fields) => Fields,
): readonly unknown[] {
  return list.map((value) => (isObject(value) ? edit(value) : value))
}

/** The CDR with its charging periods changed. */
export function editPeriods(
  cdr: unknown,
  edit: (periods: readonly unknown[]) => readonly unknown[],
): unknown {
  return isObject(cdr) ? editList(cdr, 'charging_periods', edit) : cdr
}

/** The CDR with the volumes of these dimensions changed. */
export function editVolumes(
  cdr: unknown,
  { types, edit }: { types: readonly string[]; edit: (volume: unknown) => unknown },
): unknown {
  return editPeriods(cdr, (periods) =>
    editObjects(periods, (period) =>
      editList(period, 'dimensions', (dimensions) =>
        editObjects(dimensions, (dimension) =>
          typeof dimension['type'] === 'string' && types.includes(dimension['type'])
            ? { ...dimension, volume: edit(dimension['volume']) }
            : dimension,
        ),
      ),
    ),
  )
}

/** The fields with the list in one of them changed; what is no list stays. */
export function editList(
  fields: Fields,
  key: string,
  edit: (list: readonly unknown[]) => readonly unknown[],
): Fields {
  const list: unknown = fields[key]
  return Array.isArray(list) ? { ...fields, [key]: edit(list) } : fields
}

/** A number of a partner's times `times` over `over`; what is no number stays, for pricing to complain about. */
export function scaleNumber(
  value: unknown,
  { times, over }: { times: Figure; over: Figure },
): unknown {
  return editNumber(value, (figure) => perFigure(timesFigure(figure, times), over))
}

export function editNumber(value: unknown, edit: (figure: Figure) => Figure): unknown {
  const figure = readFigure(value)
  return figure === null ? value : figureText(edit(figure))
}

/** A timestamp moved; what is none stays. */
export function moveTime(value: unknown, byMs: number): unknown {
  const read = typeof value === 'string' ? instant(value) : null
  return read === null ? value : new Date(read.ms + byMs).toISOString()
}
