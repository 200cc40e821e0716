import Type from 'typebox'
import {
  boolean,
  ciString,
  list,
  number,
  object,
  oneOf,
  openEnum,
  optional,
  text,
} from '../primitives.ts'
import { image } from './parts.ts'

export const vehicleType = openEnum([
  'MOTORCYCLE',
  'PERSONAL_VEHICLE',
  'PERSONAL_VEHICLE_WITH_TRAILER',
  'VAN',
  'SEMI_TRACTOR',
  'RIGID',
  'TRUCK_WITH_TRAILER',
  'BUS',
  'DISABLED',
])

export const evsePosition = oneOf(['LEFT', 'RIGHT', 'CENTER'])

/** 2.3.0 Parking object. */
export const parking = object({
  id: ciString(36),
  physical_reference: optional(text(12)),
  vehicle_types: list(vehicleType, { minItems: 1 }),
  max_vehicle_weight: optional(number),
  max_vehicle_height: optional(number),
  max_vehicle_length: optional(number),
  max_vehicle_width: optional(number),
  parking_space_length: optional(number),
  parking_space_width: optional(number),
  dangerous_goods_allowed: optional(boolean),
  direction: optional(oneOf(['PARALLEL', 'PERPENDICULAR', 'ANGLE'])),
  drive_through: optional(boolean),
  restricted_to_type: boolean,
  reservation_required: boolean,
  time_limit: optional(number),
  roofed: optional(boolean),
  images: optional(list(image('2.3.0'))),
  lighting: optional(boolean),
  refrigeration_outlet: optional(boolean),
  standards: optional(list(ciString(36))),
  apds_reference: optional(Type.String()),
})

/** 2.3.0 EVSEParking class. */
export const evseParking = object({
  parking_id: ciString(36),
  evse_position: optional(evsePosition),
})
