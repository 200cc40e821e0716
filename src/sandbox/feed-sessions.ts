import { parse } from 'csv-parse/sync'
import { isJson, textOf } from './json.ts'
import type { Json } from './json.ts'
import { zoneNamed } from './zone.ts'

const WEEK_MS = 7 * 86_400_000
const READY_MS = 5 * 60_000

/** One stay at a charger, as recorded: who, when, how much. Times in ms UTC, energy in µkWh. */
export type RecordedStay = { user: string; startMs: number; endMs: number; energy: number }

/** The rows of a session file and what was done to them. */
type RecordedStays = {
  stays: RecordedStay[]
  rowCount: number
  /** Rows without an end, or whose end is not after their start. */
  unusableCount: number
  withoutEnergyCount: number
  shiftedWeeks: number
}

/** Wall-clock times as if they were UTC. */
type Row = { user: string; startWall: number; endWall: number; energy: number | undefined }

/**
 * Reads one of the two CSV shapes: Norwegian residential reports (semicolons, decimal commas, dd.mm.yyyy) or
 * EPFL fast charging (commas, ISO times). All sessions are moved by the same number of whole weeks, in local
 * time, so that the newest ends just before `nowMs`: weekdays and hours stay what they were.
 * Throws when the header is of neither shape.
 */
export function readStays(text: string, nowMs: number): RecordedStays {
  const header = text.slice(0, text.indexOf('\n'))
  const isNorwegian = header.includes('Start_plugin')
  if (!isNorwegian && !header.includes('Arrival')) {
    throw new Error('expected a session file with a column Start_plugin or Arrival')
  }
  const records: unknown[] = parse(text, {
    columns: true,
    delimiter: isNorwegian ? ';' : ',',
    bom: true,
    skip_empty_lines: true,
    trim: true,
    relax_column_count: true,
  })
  const rows = records.filter(isJson).map(isNorwegian ? norwegianRow : epflRow)
  const usable = rows.filter((row): row is Row => row !== undefined && row.endWall > row.startWall)
  const zone = zoneNamed(isNorwegian ? 'Europe/Oslo' : 'Europe/Zurich')
  const newest = usable.reduce((latest, row) => Math.max(latest, row.endWall), 0)
  const shiftedWeeks = Math.floor((nowMs - READY_MS - zone.toUtc(newest)) / WEEK_MS)
  const stays = usable.map((row) => {
    const startMs = zone.toUtc(row.startWall + shiftedWeeks * WEEK_MS)
    // A stay keeps its length: a clock change that its new date brings must not squeeze it.
    const endMs = startMs + row.endWall - row.startWall
    return { user: row.user, startMs, endMs, energy: row.energy ?? 0 }
  })
  return {
    stays,
    rowCount: rows.length,
    unusableCount: rows.length - usable.length,
    withoutEnergyCount: usable.filter((row) => row.energy === undefined).length,
    shiftedWeeks,
  }
}

function norwegianRow(record: Json): Row | undefined {
  const startWall = norwegianTime(textOf(record, 'Start_plugin'))
  const endWall = norwegianTime(textOf(record, 'End_plugout'))
  if (startWall === undefined || endWall === undefined) return undefined
  const kwh = decimal(textOf(record, 'El_kWh')?.replace(',', '.'))
  return {
    user: textOf(record, 'User_ID') ?? 'unknown',
    startWall,
    endWall,
    energy: kwh === undefined ? undefined : Math.round(kwh * 1e6),
  }
}

function norwegianTime(text: string | undefined): number | undefined {
  const parts = /^(\d{2})\.(\d{2})\.(\d{4}) (\d{2}):(\d{2})$/.exec(text ?? '')
  if (!parts) return undefined
  const [day, month, year, hour, minute] = parts.slice(1).map(Number)
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute)
}

function epflRow(record: Json): Row | undefined {
  const startWall = isoTime(textOf(record, 'Arrival'))
  const endWall = isoTime(textOf(record, 'Departure'))
  if (startWall === undefined || endWall === undefined) return undefined
  const wh = decimal(textOf(record, 'Energy (Wh)'))
  // The file names no driver; the battery's size is the best there is to tell the cars apart.
  const battery = textOf(record, 'TotalCapacity') ?? ''
  return {
    user: `car-${battery}`,
    startWall,
    endWall,
    energy: wh === undefined ? undefined : Math.round(wh * 1e3),
  }
}

function isoTime(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(text)) return undefined
  const ms = Date.parse(`${text}Z`)
  return Number.isNaN(ms) ? undefined : ms
}

function decimal(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+(\.\d+)?$/.test(text)) return undefined
  return Number(text)
}
