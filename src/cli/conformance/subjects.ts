/** The names that `--without` takes. */
export const SUBJECTS = [
  'lists',
  'pushes',
  'authorize',
  'commands',
  'chargingprofiles',
  'payments',
  'bookings',
  'invoicereconciliation',
  'hubclientinfo',
  'transport',
] as const
